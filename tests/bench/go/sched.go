// SPDX-License-Identifier: GPL-3.0-or-later
//
// sched.go: the counterpart of sched.c.

package main

import (
	"fmt"
	"runtime"
	"sync"
)

const (
	batch  = 10000
	primes = 300
)

var sink int

func chain(n int, done chan int) {
	if n == 0 {
		done <- 1
		return
	}
	go chain(n-1, done)
}

func spawn(n int) {
	done := make(chan int)
	go chain(n, done)
	sink += <-done
}

func yieldOften(n int, wg *sync.WaitGroup) {
	for i := 0; i < n; i++ {
		runtime.Gosched()
	}
	wg.Done()
}

func yield(n int) {
	var wg sync.WaitGroup
	wg.Add(2)
	go yieldOften(n/2, &wg)
	go yieldOften(n/2, &wg)
	wg.Wait()
}

func answer(a, c chan int) {
	for v := range a {
		c <- v + 1
	}
	close(c)
}

func unbuffered(n int) {
	a, c := make(chan int), make(chan int)
	go answer(a, c)
	for i := 0; i < n/2; i++ {
		a <- i
		sink += <-c
	}
	close(a)
	<-c
}

func produce(c chan int, n int) {
	for i := 0; i < n; i++ {
		c <- i
	}
	close(c)
}

func buffered(n int) {
	c := make(chan int, 128)
	go produce(c, n)
	for v := range c {
		sink += v
	}
}

func alone(n int) {
	c := make(chan int, 4)
	for i := 0; i < n; i++ {
		c <- i
		sink += <-c
	}
}

func share(c chan int, n int, wg *sync.WaitGroup) {
	for i := 0; i < n; i++ {
		c <- i
	}
	wg.Done()
}

func take(c chan int, wg *sync.WaitGroup) {
	sum := 0
	for v := range c {
		sum += v
	}
	wg.Done()
}

func manyToMany(n int) {
	c := make(chan int, 128)
	var sending, receiving sync.WaitGroup
	sending.Add(4)
	receiving.Add(4)
	for i := 0; i < 4; i++ {
		go share(c, n/4, &sending)
		go take(c, &receiving)
	}
	sending.Wait()
	close(c)
	receiving.Wait()
}

//go:noinline
func of2(c []chan int) int {
	select {
	case v := <-c[0]:
		return v
	case v := <-c[1]:
		return v
	}
}

//go:noinline
func of8(c []chan int) int {
	select {
	case v := <-c[0]:
		return v
	case v := <-c[1]:
		return v
	case v := <-c[2]:
		return v
	case v := <-c[3]:
		return v
	case v := <-c[4]:
		return v
	case v := <-c[5]:
		return v
	case v := <-c[6]:
		return v
	case v := <-c[7]:
		return v
	}
}

func channels(n, size int) []chan int {
	c := make([]chan int, n)
	for i := range c {
		c[i] = make(chan int, size)
	}
	return c
}

func select2(n int) {
	c := channels(2, 1)
	for i := 0; i < n; i++ {
		c[i&1] <- i
		sink += of2(c)
	}
}

func select8(n int) {
	c := channels(8, 1)
	for i := 0; i < n; i++ {
		c[i&7] <- i
		sink += of8(c)
	}
}

func sendRound(c []chan int, n int) {
	for i := 0; i < n; i++ {
		c[i%len(c)] <- i
	}
}

func blocking2(n int) {
	c := channels(2, 0)
	go sendRound(c, n)
	for i := 0; i < n; i++ {
		sink += of2(c)
	}
}

func blocking8(n int) {
	c := channels(8, 0)
	go sendRound(c, n)
	for i := 0; i < n; i++ {
		sink += of8(c)
	}
}

//go:noinline
func poll(c []chan int) int {
	select {
	case v := <-c[0]:
		return v
	case v := <-c[1]:
		return v
	default:
		return 1
	}
}

func polling(n int) {
	c := channels(2, 1)
	for i := 0; i < n; i++ {
		sink += poll(c)
	}
}

var mu sync.Mutex

func mutex(n int) {
	for i := 0; i < n; i++ {
		mu.Lock()
		sink++
		mu.Unlock()
	}
}

func lockOften(n int, wg *sync.WaitGroup) {
	for i := 0; i < n; i++ {
		mu.Lock()
		sink++
		mu.Unlock()
	}
	wg.Done()
}

func contended(n int) {
	var wg sync.WaitGroup
	wg.Add(4)
	for i := 0; i < 4; i++ {
		go lockOften(n/4, &wg)
	}
	wg.Wait()
}

func fanOut(n int) {
	var wg sync.WaitGroup
	for ; n > 0; n -= batch {
		k := batch
		if n < k {
			k = n
		}
		wg.Add(k)
		for i := 0; i < k; i++ {
			go wg.Done()
		}
		wg.Wait()
	}
}

// Until it gets a number below 0, which it hands on.
func filter(in, out chan int, prime int) {
	for {
		v := <-in
		if v < 0 || v%prime != 0 {
			out <- v
		}
		if v < 0 {
			return
		}
	}
}

func generate(c chan int, stop chan int) {
	for i := 2; ; i++ {
		select {
		case c <- i:
		case <-stop:
			c <- -1
			return
		}
	}
}

func sieve(n int) {
	for ; n > 0; n-- {
		c, stop := make(chan int), make(chan int, 1)
		go generate(c, stop)
		for i := 0; i < primes; i++ {
			prime := <-c
			sink += prime
			next := make(chan int)
			go filter(c, next, prime)
			c = next
		}
		stop <- 1
		for <-c >= 0 {
		}
	}
}

func main() {
	for _, p := range []int{1, 2} {
		runtime.GOMAXPROCS(p)
		name := func(of string) string { return fmt.Sprintf("%s_p%d", of, p) }
		row(name("spawn"), spawn, 1)
		row(name("yield"), yield, 1)
		row(name("unbuffered"), unbuffered, 1)
		row(name("buffered_128"), buffered, 1)
		row(name("buffered_alone"), alone, 1)
		row(name("buffered_4_to_4"), manyToMany, 1)
		row(name("select_2_ready"), select2, 1)
		row(name("select_8_ready"), select8, 1)
		row(name("select_2_blocking"), blocking2, 1)
		row(name("select_8_blocking"), blocking8, 1)
		row(name("select_2_default"), polling, 1)
		row(name("mutex"), mutex, 1)
		row(name("mutex_contended"), contended, 1)
		row(name("fan_out"), fanOut, 1)
		rowAfter(name("sieve"), func() {}, sieve, 2)
	}
}

// SPDX-License-Identifier: GPL-3.0-or-later
//
// parked.go: the counterpart of parked.c.

package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

func resident() float64 {
	text, _ := os.ReadFile("/proc/self/status")
	total := 0.0
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "VmRSS:") || strings.HasPrefix(line, "VmPTE:") {
			n, _ := strconv.Atoi(strings.Fields(line)[1])
			total += 1024 * float64(n)
		}
	}
	return total
}

func park(n int) {
	line := func(what string, value float64) {
		rowValue(fmt.Sprintf("parked_%dk_%s", n/1000, what), value/float64(n))
	}
	c := make(chan int)
	var wg sync.WaitGroup
	wg.Add(n)
	runtime.GC()
	before, start := resident(), clockNs()
	for i := 0; i < n; i++ {
		go func() { wg.Done(); <-c }()
	}
	wg.Wait()
	line("create", float64(clockNs()-start))
	line("bytes", resident()-before)
	start = clockNs()
	close(c)
	for runtime.NumGoroutine() > 1 {
		runtime.Gosched()
	}
	line("wake", float64(clockNs()-start))
}

func main() {
	if len(os.Args) > 1 {
		n, _ := strconv.Atoi(os.Args[1])
		park(n)
		return
	}
	park(100000)
	syscall.Exec(os.Args[0], []string{os.Args[0], "1000000"}, os.Environ())
}

// SPDX-License-Identifier: GPL-3.0-or-later
//
// defer.go: the counterpart of defer.c.

package main

var total int

//go:noinline
func add(n int) { total += n }

//go:noinline
func work(n int) { total ^= n }

//go:noinline
func one(n int) {
	defer add(n)
	work(n)
}

//go:noinline
func onePlain(n int) {
	work(n)
	add(n)
}

//go:noinline
func three(n int) {
	defer add(n)
	defer add(n + 1)
	defer add(n + 2)
	work(n)
}

//go:noinline
func threePlain(n int) {
	work(n)
	add(n + 2)
	add(n + 1)
	add(n)
}

//go:noinline
func eight(n int) {
	for i := 0; i < 8; i++ {
		defer add(i)
	}
	work(n)
}

//go:noinline
func eightPlain(n int) {
	work(n)
	for i := 7; i >= 0; i-- {
		add(i)
	}
}

// The calls are written out: through a function value they would cost more than in C.
func main() {
	rowOver("defer_1", func(n int) {
		for i := 0; i < n; i++ {
			one(i)
		}
	}, func(n int) {
		for i := 0; i < n; i++ {
			onePlain(i)
		}
	}, 1)
	rowOver("defer_3", func(n int) {
		for i := 0; i < n; i++ {
			three(i)
		}
	}, func(n int) {
		for i := 0; i < n; i++ {
			threePlain(i)
		}
	}, 1)
	rowOver("defer_loop_8", func(n int) {
		for i := 0; i < n; i++ {
			eight(i)
		}
	}, func(n int) {
		for i := 0; i < n; i++ {
			eightPlain(i)
		}
	}, 8)
}

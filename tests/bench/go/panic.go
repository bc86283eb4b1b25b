// SPDX-License-Identifier: GPL-3.0-or-later
//
// panic.go: the counterpart of panic.c.

package main

var (
	value any = 42
	total int
)

//go:noinline
func add(n int) { total += n }

//go:noinline
func plain(depth int) {
	if depth == 1 {
		panic(value)
	}
	plain(depth - 1)
	total++
}

//go:noinline
func deferring(depth int) {
	defer add(1)
	if depth == 1 {
		panic(value)
	}
	deferring(depth - 1)
}

//go:noinline
func catchPlain(depth int) {
	defer func() { recover() }()
	plain(depth)
}

//go:noinline
func catchDeferring(depth int) {
	defer func() { recover() }()
	deferring(depth)
}

func main() {
	row("panic_1", func(n int) {
		for i := 0; i < n; i++ {
			catchPlain(1)
		}
	}, 1)
	row("panic_10", func(n int) {
		for i := 0; i < n; i++ {
			catchPlain(10)
		}
	}, 1)
	row("panic_10_defer", func(n int) {
		for i := 0; i < n; i++ {
			catchDeferring(10)
		}
	}, 1)
}

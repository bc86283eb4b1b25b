// SPDX-License-Identifier: GPL-3.0-or-later
//
// row.go: what a benchmark prints, measured as row.h does.

package main

import (
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"
)

const batches = 5

var (
	start = time.Now()
	cpu   = os.Getenv("ROW_CPU") != ""
)

func clockNs() int64 {
	if cpu {
		return clockOf(2)
	}
	return time.Since(start).Nanoseconds()
}

// 2 is CLOCK_PROCESS_CPUTIME_ID, 3 CLOCK_THREAD_CPUTIME_ID.
func clockOf(id uintptr) int64 {
	var t syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, id, uintptr(unsafe.Pointer(&t)), 0)
	return t.Nano()
}

func seconds(f func(n int), n int) float64 {
	before := clockNs()
	f(n)
	return float64(clockNs()-before) / 1e9
}

func rounds(f func(n int)) int {
	n := 100
	for {
		t := seconds(f, n)
		if t >= 0.01 {
			return n
		}
		if t < 0.001 {
			n *= 10
		} else {
			n = int(float64(n)*0.011/t) + 1
		}
	}
}

func quicker(best float64, f func(n int), n int) float64 {
	if t := 1e9 * seconds(f, n) / float64(n); t < best {
		return t
	}
	return best
}

func rowValue(name string, value float64) {
	fmt.Printf("%s %.3f\n", name, value)
}

func rowAfter(name string, prepare func(), f func(n int), n int) {
	best := 1e9
	for i := 0; i < batches; i++ {
		prepare()
		best = quicker(best, f, n)
	}
	rowValue(name, best)
}

func row(name string, f func(n int), operations int) {
	n, best := rounds(f), 1e9
	for i := 0; i < batches; i++ {
		best = quicker(best, f, n)
	}
	rowValue(name, best/float64(operations))
}

func rowOver(name string, with, without func(n int), operations int) {
	n, m, best, base := rounds(with), rounds(without), 1e9, 1e9
	for i := 0; i < 2*batches; i++ {
		best = quicker(best, with, n)
		base = quicker(base, without, m)
	}
	rowValue(name, (best-base)/float64(operations))
}

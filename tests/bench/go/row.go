// SPDX-License-Identifier: GPL-3.0-or-later
//
// row.go: what a benchmark prints, measured as row.h does.

package main

import (
	"fmt"
	"time"
)

const batches = 5

func seconds(f func(n int), n int) float64 {
	start := time.Now()
	f(n)
	return time.Since(start).Seconds()
}

func nanoseconds(f func(n int)) float64 {
	best, n := 1e9, 100
	for {
		t := seconds(f, n)
		if t >= 0.01 {
			break
		}
		if t < 0.001 {
			n *= 10
		} else {
			n = int(float64(n)*0.011/t) + 1
		}
	}
	for i := 0; i < batches; i++ {
		if t := seconds(f, n); t < best {
			best = t
		}
	}
	return 1e9 * best / float64(n)
}

func row(name string, f func(n int), operations int) {
	fmt.Printf("%s %.3f\n", name, nanoseconds(f)/float64(operations))
}

func rowOver(name string, with, without func(n int), operations int) {
	base := nanoseconds(without)
	fmt.Printf("%s %.3f\n", name, (nanoseconds(with)-base)/float64(operations))
}

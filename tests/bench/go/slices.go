// SPDX-License-Identifier: GPL-3.0-or-later
//
// slices.go: the counterpart of slices.h.

package main

import "runtime"

const (
	elements = 1000
	million  = 1000 * 1000
)

var (
	numbers []int
	sink    int
	joined  string
	names   = []string{"everybody", "world"}
	hello   = "good morning, "
)

//go:noinline
func sumByIndex(xs []int) int {
	sum := 0
	for i := 0; i < len(xs); i++ {
		sum += xs[i]
	}
	return sum
}

//go:noinline
func sumByRange(xs []int) int {
	sum := 0
	for _, x := range xs {
		sum += x
	}
	return sum
}

//go:noinline
func appendMillion() int {
	var xs []int
	for i := 0; i < million; i++ {
		xs = append(xs, i)
	}
	return xs[million-1]
}

//go:noinline
func joinedLength(i int) int {
	joined = hello + names[i&1]
	return len(joined)
}

func byIndex(n int) {
	for ; n > 0; n-- {
		sink = sumByIndex(numbers)
	}
}

func byRange(n int) {
	for ; n > 0; n-- {
		sink = sumByRange(numbers)
	}
}

func main() {
	numbers = make([]int, elements)
	for i := range numbers {
		numbers[i] = i * i
	}
	row("slice_sum_at", byIndex, elements)
	row("slice_sum_range", byRange, elements)
	rowAfter("slice_append_1M", runtime.GC, func(int) { sink = appendMillion() }, million)
	row("string_cat", func(n int) {
		for i := 0; i < n; i++ {
			sink = joinedLength(i)
		}
	}, 1)
}

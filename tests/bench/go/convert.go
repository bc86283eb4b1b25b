// SPDX-License-Identifier: GPL-3.0-or-later
//
// convert.go: the counterpart of convert.c.

package main

type point struct{ x, y, z int }

var (
	kept any
	sink int
)

//go:noinline
func look(a any) int {
	if p, ok := a.(point); ok {
		return p.y
	}
	return 0
}

func main() {
	row("convert_24_escapes", func(n int) {
		for i := 0; i < n; i++ {
			kept = point{i, i + 1, i + 2}
		}
	}, 1)
	row("convert_24_stays", func(n int) {
		total := 0
		for i := 0; i < n; i++ {
			total += look(point{i, i + 1, i + 2})
		}
		sink = total
	}, 1)
}

// SPDX-License-Identifier: GPL-3.0-or-later
//
// icall.go: the counterpart of icall.c.

package main

type shape interface {
	Area(scale int) int
	Sides() int
}

type square struct{ w, h int }
type triangle struct{ w, h int }
type pentagon struct{ w, h int }
type hexagon struct{ w, h int }

//go:noinline
func (s *square) Area(scale int) int { return s.w*scale + s.h }

//go:noinline
func (s *triangle) Area(scale int) int { return s.w*scale + s.h }

//go:noinline
func (s *pentagon) Area(scale int) int { return s.w*scale + s.h }

//go:noinline
func (s *hexagon) Area(scale int) int { return s.w*scale + s.h }

func (s *square) Sides() int   { return 4 }
func (s *triangle) Sides() int { return 3 }
func (s *pentagon) Sides() int { return 5 }
func (s *hexagon) Sides() int  { return 6 }

const callees = 4096

var (
	same, mixed [callees]shape
	sink        int
)

//go:noinline
func callAll(c *[callees]shape, n int) int {
	total := 0
	for i := 0; i < n; i++ {
		total += c[uint(i)%callees].Area(i)
	}
	return total
}

func main() {
	four := [4]shape{&square{1, 2}, &triangle{3, 4}, &pentagon{5, 6}, &hexagon{7, 8}}
	state := uint64(1)
	for i := range same {
		state = state*6364136223846793005 + 1442695040888963407
		same[i] = four[0]
		mixed[i] = four[state>>62]
	}
	row("icall_1", func(n int) { sink = callAll(&same, n) }, 1)
	row("icall_4", func(n int) { sink = callAll(&mixed, n) }, 1)
}

// SPDX-License-Identifier: GPL-3.0-or-later
//
// assert.go: the counterpart of assert.c.

package main

type duck interface{ Quack() int }
type walker interface {
	Walk() int
	Quack() int
}
type swimmer interface{ Swim() int }

type mallard struct{ n int }

func (m *mallard) Quack() int { return m.n }
func (m *mallard) Walk() int  { return m.n + 1 }

type a struct{ v int }
type b struct{ v int }
type c struct{ v int }
type d struct{ v int }
type e struct{ v int }
type f struct{ v int }
type g struct{ v int }
type h struct{ v int }

const size = 64

var (
	anys  [size]any
	ducks [size]duck
	eight = [8]any{&a{1}, &b{2}, &c{3}, &d{4}, &e{5}, &f{6}, &g{7}, &h{8}}
	sink  int
)

//go:noinline
func concrete(x *[size]any, n int) int {
	total := 0
	for i := 0; i < n; i++ {
		if m, ok := x[uint(i)%size].(*mallard); ok {
			total += m.n
		}
	}
	return total
}

//go:noinline
func hit(x *[size]duck, n int) int {
	total := 0
	for i := 0; i < n; i++ {
		if w, ok := x[uint(i)%size].(walker); ok && w != nil {
			total++
		}
	}
	return total
}

//go:noinline
func miss(x *[size]duck, n int) int {
	total := 0
	for i := 0; i < n; i++ {
		if _, ok := x[uint(i)%size].(swimmer); ok {
			total++
		}
	}
	return total
}

//go:noinline
func switches(x *[8]any, n int) int {
	total := 0
	for i := 0; i < n; i++ {
		switch p := x[uint(i)%8].(type) {
		case *a:
			total += p.v
		case *b:
			total += p.v * 2
		case *c:
			total += p.v * 3
		case *d:
			total += p.v * 4
		case *e:
			total += p.v * 5
		case *f:
			total += p.v * 6
		case *g:
			total += p.v * 7
		case *h:
			total += p.v * 8
		}
	}
	return total
}

func main() {
	for i := range anys {
		m := &mallard{i}
		anys[i], ducks[i] = m, m
	}
	row("assert_concrete", func(n int) { sink = concrete(&anys, n) }, 1)
	row("assert_iface_hit", func(n int) { sink = hit(&ducks, n) }, 1)
	row("assert_iface_miss", func(n int) { sink = miss(&ducks, n) }, 1)
	row("type_switch_8", func(n int) { sink = switches(&eight, n) }, 1)
}

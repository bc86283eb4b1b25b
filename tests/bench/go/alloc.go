// SPDX-License-Identifier: GPL-3.0-or-later
//
// alloc.go: the counterpart of alloc.c.

package main

const depth = 16

type node struct{ l, r *node }

type point struct{ x, y, z int64 }

var (
	keptPoint *point
	keptBlock *[64]byte
	sink      int
)

func tree(d int) *node {
	if d == 0 {
		return &node{}
	}
	return &node{tree(d - 1), tree(d - 1)}
}

func (n *node) check() int {
	if n.l == nil {
		return 1
	}
	return 1 + n.l.check() + n.r.check()
}

func trees(d int) int {
	total := tree(d + 1).check()
	lasting := tree(d)
	for k := 4; k <= d; k += 4 {
		for i := 0; i < 1<<(d-k+4); i++ {
			total += tree(k).check()
		}
	}
	return total + lasting.check()
}

func main() {
	row("alloc_24_escapes", func(n int) {
		for i := 0; i < n; i++ {
			keptPoint = &point{int64(i), 2, 3}
		}
	}, 1)
	row("alloc_64_escapes", func(n int) {
		for i := 0; i < n; i++ {
			keptBlock = new([64]byte)
		}
	}, 1)
	best := 1e9
	for i := 0; i < 3; i++ {
		start := clockNs()
		n := trees(depth)
		if t := float64(clockNs()-start) / float64(n); t < best {
			best = t
		}
		sink += n
	}
	rowValue("trees_16_node", best)
}

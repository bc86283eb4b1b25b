// SPDX-License-Identifier: GPL-3.0-or-later
//
// keys.go: the counterpart of keys.c.

package main

const size = 10000

type twelve struct{ a, b, c int32 }
type sixteen struct{ a, b int }
type twentyFour struct{ a, b, c int }
type padded struct {
	a int8
	b int
}

var sink int

func measure[T comparable](name string, key func(i int) T) {
	m := map[T]int{}
	keys := make([]T, size)
	for i := range keys {
		keys[i] = key(i)
		m[keys[i]] = i
	}
	row(name, func(n int) {
		sum, j := 0, 0
		for i := 0; i < n; i++ {
			sum += m[keys[j]]
			if j++; j == size {
				j = 0
			}
		}
		sink = sum
	}, 1)
}

func main() {
	measure("map_key_12_hit", func(i int) twelve { return twelve{int32(i), int32(i * 3), 5} })
	measure("map_key_16_hit", func(i int) sixteen { return sixteen{i * 7, i} })
	measure("map_key_24_hit", func(i int) twentyFour { return twentyFour{i, 5, i * 3} })
	measure("map_key_padded_hit", func(i int) padded { return padded{int8(i), i * 9} })
}

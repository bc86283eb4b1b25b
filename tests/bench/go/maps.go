// SPDX-License-Identifier: GPL-3.0-or-later
//
// maps.go: the counterpart of maps.h.

package main

import (
	"runtime"
	"runtime/debug"
)

const (
	hundred     = 100
	tenThousand = 10 * 1000
	million     = 1000 * 1000
)

func scattered(n uint64) uint64 {
	x := (n + 1) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func shuffled(n int) []uint32 {
	order := make([]uint32, n)
	for i := range order {
		j := int(scattered(uint64(i)) % uint64(i+1))
		order[i] = order[j]
		order[j] = uint32(i)
	}
	return order
}

var sink int64

func heapBytes() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

var (
	table               map[int64]int64
	keys, asked, absent []int64
	probes              []int64
	at                  int
)

func makeKeys(n int) {
	order := shuffled(n)
	keys, asked, absent = make([]int64, n), make([]int64, n), make([]int64, n)
	for i := range keys {
		keys[i] = int64(scattered(uint64(i)))
		asked[i] = int64(scattered(uint64(order[i])))
		absent[i] = int64(scattered(uint64(i + million)))
	}
	at = 0
}

func insert(n int) {
	for i := 0; i < n; i++ {
		table[keys[i]] = int64(i)
	}
}

func get(n int) {
	m, p, j := table, probes, at
	var sum int64
	for i := 0; i < n; i++ {
		sum += m[p[j]]
		if j++; j == len(p) {
			j = 0
		}
	}
	at = j
	sink += sum
}

func iterate(n int) {
	for ; n > 0; n-- {
		for k, v := range table {
			sink += k + v
		}
	}
}

func empty() {
	table = nil
	runtime.GC()
	table = map[int64]int64{}
}

func emptyWithRoom() {
	table = nil
	runtime.GC()
	table = make(map[int64]int64, million)
}

func full() {
	emptyWithRoom()
	insert(million)
}

func removeAll(n int) {
	for i := 0; i < n; i++ {
		delete(table, asked[i])
	}
}

func processNs() int64 {
	return clockOf(2)
}

func worstInsert(clock func() int64) float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	best := 1e9
	for try := 0; try < batches; try++ {
		worst := int64(0)
		empty()
		before := clock()
		for i := 0; i < million; i++ {
			table[keys[i]] = int64(i)
			now := clock()
			if now-before > worst {
				worst = now - before
			}
			before = now
		}
		if float64(worst) < best {
			best = float64(worst)
		}
	}
	return best
}

func getAllKinds(hit, miss string) {
	probes = asked
	row(hit, get, 1)
	if miss != "" {
		probes = absent
		row(miss, get, 1)
	}
}

func measureNumbers() {
	makeKeys(hundred)
	empty()
	insert(hundred)
	getAllKinds("map_int64_hit_100", "")

	makeKeys(tenThousand)
	empty()
	insert(tenThousand)
	getAllKinds("map_int64_hit_10k", "")
	row("map_int64_iterate_10k", iterate, tenThousand)

	makeKeys(million)
	empty()
	before := heapBytes()
	insert(million)
	rowValue("map_int64_bytes_1M", (heapBytes()-before)/million)
	getAllKinds("map_int64_hit_1M", "map_int64_miss_1M")
	row("map_int64_iterate_1M", iterate, million)
	rowAfter("map_int64_grow_1M", empty, insert, million)
	rowAfter("map_int64_hint_1M", emptyWithRoom, insert, million)
	rowAfter("map_int64_delete_1M", full, removeAll, million)
	rowValue("map_int64_worst_insert_gc", worstInsert(clockNs))
	percent := debug.SetGCPercent(-1)
	rowValue("map_int64_worst_insert", worstInsert(processNs))
	debug.SetGCPercent(percent)
	table, keys, asked, absent, probes = nil, nil, nil, nil, nil
}

var (
	dictionary        map[string]int64
	texts, textsAsked []string
)

func spellNumber(n uint64) string {
	const digits = "0123456789abcdef"
	var p [32]byte
	seed := scattered(n)
	size := 8 + seed%25
	for i := uint64(0); i < size; i++ {
		p[i] = digits[scattered(seed+i/16)>>(i%16*4)&15]
	}
	return string(p[:size])
}

func makeTexts(n int) {
	order := shuffled(n)
	texts, textsAsked = make([]string, n), make([]string, n)
	for i := range texts {
		texts[i] = spellNumber(uint64(i))
	}
	for i := range texts {
		textsAsked[i] = spellNumber(uint64(order[i]))
	}
	at = 0
}

func getText(n int) {
	m, p, j := dictionary, textsAsked, at
	var sum int64
	for i := 0; i < n; i++ {
		sum += m[p[j]]
		if j++; j == len(p) {
			j = 0
		}
	}
	at = j
	sink += sum
}

func insertTexts(n int) {
	for i := 0; i < n; i++ {
		dictionary[texts[i]] = int64(i)
	}
}

func measureWords() {
	makeTexts(tenThousand)
	dictionary = map[string]int64{}
	insertTexts(tenThousand)
	row("map_string_hit_10k", getText, 1)

	makeTexts(million)
	dictionary = map[string]int64{}
	before := heapBytes()
	insertTexts(million)
	rowValue("map_string_bytes_1M", (heapBytes()-before)/million)
	row("map_string_hit_1M", getText, 1)
}

func main() {
	measureNumbers()
	measureWords()
}

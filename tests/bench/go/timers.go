// SPDX-License-Identifier: GPL-3.0-or-later
//
// timers.go: the counterpart of timers.c.

package main

import (
	"fmt"
	"runtime"
	"sort"
	"sync"
	"time"
)

const sleeperCount = 100000

var sink bool

func sleepers(p int) {
	late := make([]int, sleeperCount)
	begin := time.Now()
	var wg sync.WaitGroup
	wg.Add(sleeperCount)
	for i := 0; i < sleeperCount; i++ {
		go func(i int) {
			when := begin.Add(500*time.Millisecond + time.Duration(i%1000)*time.Millisecond/2)
			time.Sleep(time.Until(when))
			late[i] = int(time.Since(when))
			wg.Done()
		}(i)
	}
	wg.Wait()
	sort.Ints(late)
	rowValue(fmt.Sprintf("sleepers_late_median_p%d", p), float64(late[sleeperCount/2]))
	rowValue(fmt.Sprintf("sleepers_late_p99_p%d", p), float64(late[sleeperCount/100*99]))
}

func main() {
	for _, p := range []int{1, 2} {
		runtime.GOMAXPROCS(p)
		row(fmt.Sprintf("timer_create_stop_p%d", p), func(n int) {
			for i := 0; i < n; i++ {
				sink = time.NewTimer(time.Hour).Stop()
			}
		}, 1)
		row(fmt.Sprintf("timer_reset_p%d", p), func(n int) {
			t := time.NewTimer(time.Hour)
			for i := 0; i < n; i++ {
				sink = t.Reset(time.Hour)
			}
			t.Stop()
		}, 1)
		sleepers(p)
	}
}

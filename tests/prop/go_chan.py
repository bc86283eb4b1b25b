#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds goroutines, channels and select against Go's own, on random programs written in both languages.

usage: go_chan.py --goatcc PATH [--seed N] [--rounds N] [--count N] [--levels O0,O2] [--keep DIR]

One program has COUNT cases. A case is a network of goroutines. Each channel has one goroutine that
sends and one that receives, so whatever the scheduler does, each receives the same values in the
same order, or all come to a stop at the same place. They send, receive, close, range, start
goroutines with blocks and wait for them, lock, add up what a select brings in any order, and try
what does not wait on channels of their own. What each has seen is printed in the end, a panic too;
where it ends in a deadlock, that must be so in both languages.

TEST_SEED replays a failure; a case that differs is named, and its text is in DIR.
"""
import os
import re
import subprocess
import sys

from beside_go import build, main, run

C_HEAD = """#include <goat.h>
#include <stdlib.h>
typedef struct { long v, twice; char pad[40]; } big;
typedef chan(long) longs;
typedef chan(big) bigs;
typedef chan(any) anys;
static big to_big(long v) { big b = { v, 2 * v }; return b; }
static long of_big(big b) { return b.twice - b.v; }
static any to_any(long v) { return as(any, v); }
static long of_any(any a) { return is_nil(a) ? -3 : type_assert(a, long); }
static long to_long(long v) { return v; }
static long of_long(long v) { return v; }
static void see(long *h, long v) { *h = (*h * 31 + v) % 1000003; }
static void panicked(long *h, any v)
{
	goat_error e;
	if (type_assert_ok(v, goat_error, &e)) { string s = call(e, Error); see(h, (long)len(s) + 500); }
}
"""

GO_HEAD = """package main
import ("fmt"; "os"; "runtime"; "strconv"; "sync")
type big struct { v, twice int64; pad [40]byte }
func to_big(v int64) big { return big{v: v, twice: 2 * v} }
func of_big(b big) int64 { return b.twice - b.v }
func to_any(v int64) any { return v }
func of_any(a any) int64 { if a == nil { return -3 }; return a.(int64) }
func to_long(v int64) int64 { return v }
func of_long(v int64) int64 { return v }
func see(h *int64, v int64) { *h = (*h * 31 + v) % 1000003 }
func panicked(h *int64, v any) {
	if e, ok := v.(error); ok { see(h, int64(len(e.Error())) + 500) }
}
"""

KINDS = {"long": ("longs", "chan int64"), "big": ("bigs", "chan big"), "any": ("anys", "chan any")}


class Chan:
    def __init__(self, name, kind, cap):
        self.name, self.kind, self.cap = name, kind, cap

    def make(self):
        c, go = KINDS[self.kind]
        size = f", {self.cap}" if self.cap else ""
        return f"{c} {self.name} = make({c}{size});", f"{self.name} := make({go}{size})"

    def send(self, v):
        return f"chan_send({self.name}, to_{self.kind}({v}));", f"{self.name} <- to_{self.kind}({v})"

    def receive(self):
        return f"of_{self.kind}(chan_recv({self.name}))", f"of_{self.kind}(<-{self.name})"


class Case:
    def __init__(self, rng, number):
        self.rng, self.number = rng, number
        self.c, self.go, self.fresh = [], [], 0
        n = rng.randint(2, 6)
        self.chans = []
        ends = []
        for i in range(rng.randint(n - 1, 2 * n)):
            # Round in circles they come to a stop more often than not.
            src, dst = (i, i + 1) if i < n - 1 else sorted(rng.sample(range(n), 2))
            if rng.random() < 0.05:
                src, dst = dst, src
            self.chans.append(Chan(f"c{i}", rng.choice(["long", "long", "big", "any"]), rng.choice([0, 0, 1, 2, 5, 30])))
            ends.append((src, dst))
        self.n = n
        for p in range(n):
            self.ins = [c for c, e in zip(self.chans, ends) if e[1] == p]
            self.outs = [c for c, e in zip(self.chans, ends) if e[0] == p]
            self.closed = set()
            self.process(p)
        self.start()

    def line(self, c, go=None):
        self.c.append(c)
        self.go.append(c if go is None else go)

    def name(self, prefix):
        self.fresh += 1
        return f"{prefix}{self.fresh}"

    def signature(self, p):
        def both(chans):
            c = ", ".join(f"{KINDS[x.kind][0]} {x.name}" for x in chans)
            go = ", ".join(f"{x.name} {KINDS[x.kind][1]}" for x in chans)
            return c, go
        c, go = both(self.ins + self.outs)
        sep = ", " if c else ""
        return (f"static void k{self.number}p{p}({c}{sep}long *h, goat_waitgroup *done)",
                f"func k{self.number}p{p}({go}{sep}h *int64, done *sync.WaitGroup)")

    def process(self, p):
        c, go = self.signature(p)
        self.line(c + " {", go + " {")
        self.line("defer goat_waitgroup_done(done);", "defer done.Done()")
        self.line("defer { any e = recover(); if (!is_nil(e)) panicked(h, e); }",
                  "defer func() { if e := recover(); e != nil { panicked(h, e) } }()")
        self.line(f"long x = {p + 1};", f"var x int64 = {p + 1}; _ = x")
        self.budget = self.rng.randint(4, 14)
        self.body(0)
        # Most are polite: nobody waits for them for ever.
        if self.rng.random() < 0.95:
            for out in self.outs:
                if out.name not in self.closed:
                    self.line(f"chan_close({out.name});", f"close({out.name})")
            for c in self.ins:
                if self.rng.random() < 0.97:
                    self.range_over(c)
        self.line("see(h, x);")
        self.line("}")
        self.params = None
        calls = ", ".join(x.name for x in self.ins + self.outs)
        if not hasattr(self, "calls"):
            self.calls = []
        self.calls.append((f"k{self.number}p{p}", calls))

    def body(self, depth):
        for _ in range(self.rng.randint(1, 5)):
            if self.budget <= 0:
                break
            self.budget -= 1
            self.statement(depth)

    def value(self):
        return self.rng.choice(["x", "x + 1", "x % 100", str(self.rng.randint(0, 99)), "*h % 77"])

    def range_over(self, c):
        v = self.name("v")
        self.line(f"chan_range ({c.name}, {v}) see(h, of_{c.kind}({v}));",
                  f"for {v} := range {c.name} {{ see(h, of_{c.kind}({v})) }}")

    def statement(self, depth):
        rng = self.rng
        kinds = ["set", "own", "block", "locked", "yield"]
        kinds += ["send"] * 4 * bool(self.outs) + ["receive", "receive", "receive ok"] * bool(self.ins)
        kinds += ["range", "selects"] * bool(self.ins and depth == 0 and rng.random() < 0.4)
        kinds += ["close"] * bool(self.outs and depth == 0 and rng.random() < 0.3)
        if depth < 2:
            kinds += ["for", "for", "if"]
        kind = rng.choice(kinds)
        if kind == "set":
            self.line(f"x = {self.value()};")
        elif kind == "yield":
            self.line("goat_yield();", "runtime.Gosched()")
        elif kind == "send":
            self.line(*rng.choice(self.outs).send(self.value()))
        elif kind == "receive":
            c, go = rng.choice(self.ins).receive()
            self.line(f"x = {c}; see(h, x);", f"x = {go}; see(h, x)")
        elif kind == "receive ok":
            c = rng.choice(self.ins)
            v, ok = self.name("v"), self.name("ok")
            self.line(f"__typeof__(chan_recv({c.name})) {v}; bool {ok} = chan_recv_ok({c.name}, &{v}); "
                      f"see(h, {ok} ? of_{c.kind}({v}) : 400);",
                      f"{v}, {ok} := <-{c.name}; if {ok} {{ see(h, of_{c.kind}({v})) }} else {{ see(h, 400) }}")
        elif kind == "range":
            self.range_over(rng.choice(self.ins))
        elif kind == "close":
            c = rng.choice(self.outs)
            self.closed.add(c.name)
            self.line(f"chan_close({c.name});", f"close({c.name})")
        elif kind == "for":
            i, n = self.name("i"), rng.randint(1, 6)
            self.line(f"for (int {i} = 0; {i} < {n}; {i}++) {{", f"for {i} := 0; {i} < {n}; {i}++ {{")
            self.body(depth + 1)
            self.line("}")
        elif kind == "if":
            self.line(f"if (({self.value()}) % 2 == 0) {{", None)
            self.go[-1] = re.sub(r"if \((.*)\) {", r"if \1 {", self.go[-1])
            self.body(depth + 1)
            self.line("}")
        elif kind == "own":
            self.own()
        elif kind == "block":
            self.block()
        elif kind == "locked":
            self.locked()
        elif kind == "selects":
            self.selects()

    # A channel that nobody else knows: what would wait is not done.
    def own(self):
        c = Chan(self.name("own"), self.rng.choice(["long", "big", "any"]), self.rng.choice([1, 2, 3]))
        self.line("{")
        self.line(*c.make())
        for _ in range(self.rng.randint(2, 6)):
            if self.rng.random() < 0.55:
                v = self.value()
                self.line(f"chan_select {{ case_send ({c.name}, to_{c.kind}({v})) {{ see(h, 1); }} "
                          f"case_default {{ see(h, 2); }} }}",
                          f"select {{ case {c.name} <- to_{c.kind}({v}): see(h, 1); default: see(h, 2) }}")
            else:
                v = self.name("v")
                self.line(f"chan_select {{ case_recv ({c.name}, {v}) {{ see(h, of_{c.kind}({v})); }} "
                          f"case_default {{ see(h, 3); }} }}",
                          f"select {{ case {v} := <-{c.name}: see(h, of_{c.kind}({v})); default: see(h, 3) }}")
        self.line(f"see(h, (long)len({c.name}) * 10 + (long)cap({c.name}));",
                  f"see(h, int64(len({c.name}) * 10 + cap({c.name})))")
        if self.rng.random() < 0.5:
            self.line(f"chan_close({c.name});", f"close({c.name})")
            self.range_over(c)
        self.line("}")

    # Goroutines that change a variable of this function, which waits for them.
    def block(self):
        wg, sum_, i, n = self.name("wg"), self.name("sum"), self.name("i"), self.rng.randint(1, 4)
        k = self.rng.randint(1, 9)
        self.line("{")
        self.line(f"chan(long) {wg} = make(chan(long), {self.rng.randint(0, 2)}); long {sum_} = 0;",
                  f"{wg} := make(chan int64, 1); var {sum_} int64 = 0; _ = {sum_}")
        self.line(f"for (int {i} = 0; {i} < {n}; {i}++) {{", f"for {i} := 0; {i} < {n}; {i}++ {{")
        self.line(f"go {{ {sum_} += {k}; chan_send({wg}, x + {k}); }}",
                  f"go func() {{ {sum_} += {k}; {wg} <- x + {k} }}()")
        self.line(f"see(h, chan_recv({wg}));", f"see(h, <-{wg})")
        self.line("}")
        self.line(f"see(h, {sum_});")
        self.line("}")

    # Goroutines that add up under a mutex, waited for by a wait group.
    def locked(self):
        mu, wg, sum_, i, j = (self.name(n) for n in ("mu", "wg", "sum", "i", "j"))
        n, m = self.rng.randint(1, 5), self.rng.randint(1, 20)
        kind, go = self.rng.choice([("mutex", "Mutex"), ("rwmutex", "RWMutex")])
        self.line("{")
        self.line(f"goat_{kind} {mu} = {{ 0 }}; goat_waitgroup {wg} = {{ 0 }}; long {sum_} = 0;",
                  f"var {mu} sync.{go}; var {wg} sync.WaitGroup; var {sum_} int64 = 0")
        self.line(f"goat_waitgroup_add(&{wg}, {n});", f"{wg}.Add({n})")
        self.line(f"for (int {i} = 0; {i} < {n}; {i}++) go {{", f"for {i} := 0; {i} < {n}; {i}++ {{ go func() {{")
        self.line(f"for (int {j} = 0; {j} < {m}; {j}++) {{ goat_{kind}_lock(&{mu}); {sum_} += {j}; goat_yield(); "
                  f"goat_{kind}_unlock(&{mu}); }}",
                  f"for {j} := 0; {j} < {m}; {j}++ {{ {mu}.Lock(); {sum_} += int64({j}); runtime.Gosched(); "
                  f"{mu}.Unlock() }}")
        self.line(f"goat_waitgroup_done(&{wg});", f"{wg}.Done()")
        self.line("}", "}() }")
        self.line(f"goat_waitgroup_wait(&{wg});", f"{wg}.Wait()")
        self.line(f"see(h, {sum_});")
        self.line("}")

    # All that still comes, in any order.
    def selects(self):
        ins = self.ins[:]
        self.rng.shuffle(ins)
        ins = ins[:self.rng.randint(1, 4)]
        sum_, left = self.name("sum"), self.name("left")
        copies = [(Chan(self.name("in"), c.kind, 0), c) for c in ins]
        self.line("{")
        self.line(f"long {sum_} = 0; int {left} = {len(ins)};", f"var {sum_} int64 = 0; {left} := {len(ins)}")
        for copy, c in copies:
            self.line(f"{KINDS[c.kind][0]} {copy.name} = {c.name};", f"{copy.name} := {c.name}")
        self.line(f"while ({left} > 0) {{", f"for {left} > 0 {{")
        self.line("chan_select {", "select {")
        for copy, c in copies:
            v, ok = self.name("v"), self.name("ok")
            self.line(f"case_recv_ok ({copy.name}, {v}, {ok}) {{ if ({ok}) {sum_} += of_{c.kind}({v}) % 1000; "
                      f"else {{ {copy.name} = NULL; {left}--; }} }}",
                      f"case {v}, {ok} := <-{copy.name}: if {ok} {{ {sum_} += of_{c.kind}({v}) % 1000 }} else "
                      f"{{ {copy.name} = nil; {left}-- }}")
        self.line("}")
        self.line("}")
        self.line(f"see(h, {sum_});")
        self.line("}")

    def start(self):
        self.line(f"static void case{self.number}(void) {{", f"func case{self.number}() {{")
        self.line(f"long seen[{self.n}] = {{ 0 }}; goat_waitgroup done = {{ 0 }};",
                  f"var seen [{self.n}]int64; var done sync.WaitGroup")
        for c in self.chans:
            self.line(*c.make())
        self.line(f"goat_waitgroup_add(&done, {self.n});", f"done.Add({self.n})")
        for p, (name, args) in enumerate(self.calls):
            args = args + ", " if args else ""
            self.line(f"go {name}({args}&seen[{p}], &done);")
        self.line("goat_waitgroup_wait(&done);", "done.Wait()")
        self.line(f'for (int i = 0; i < {self.n}; i++) printf("%ld ", seen[i]);',
                  f'for i := 0; i < {self.n}; i++ {{ fmt.Print(seen[i], " ") }}')
        self.line('puts("");', "fmt.Println()")
        self.line("}")


def program(cases):
    c, go = [C_HEAD], [GO_HEAD]
    for case in cases:
        c += case.c
        go += case.go
    c.append("int main(int argc, char **argv) { switch (argc > 1 ? atoi(argv[1]) : -1) {")
    go.append("func main() { n, _ := strconv.Atoi(os.Args[1]); switch n {")
    for case in cases:
        c.append(f"case {case.number}: case{case.number}(); break;")
        go.append(f"case {case.number}: case{case.number}()")
    c.append("} return 0; }")
    go.append("} }")
    return "\n".join(c) + "\n", "\n".join(go) + "\n"


def end_of(told):
    """Status, output and the first line of a report."""
    return told.returncode, told.stdout, (told.stderr.splitlines() or [""])[0]


def compare(args, rng, seed, keep, level):
    cases = [Case(rng, i) for i in range(args.count)]
    if not build(args, keep, seed, level, ["-g"], program(cases)):
        return args.count
    wrong = 0
    for k in range(args.count):
        theirs = end_of(run([f"{keep}/go.out", str(k)], timeout=60))
        for procs in args.procs.split(","):
            try:
                mine = end_of(run([f"{keep}/c.out", str(k)], timeout=60, env=dict(os.environ, GOMAXPROCS=procs)))
            except subprocess.TimeoutExpired:
                mine = "hangs"
            if mine != theirs:
                wrong += 1
                print(f"seed {seed} {level}: case {k}, GOMAXPROCS={procs}: {mine}, Go's: {theirs}")
                break
    return wrong


if __name__ == "__main__":
    sys.exit(main(__doc__, compare, 30, [("--procs", "1,2,8", "values of GOMAXPROCS")]))

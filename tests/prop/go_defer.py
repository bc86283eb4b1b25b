#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds defer, panic and recover against Go's own, on random programs written in both languages.

usage: go_defer.py --goatcc PATH [--seed N] [--count N] [--levels O0,O2] [--keep DIR]

One program has COUNT cases, a few functions each: they call each other, defer calls and blocks in
branches, loops and other deferred blocks, panic with numbers, strings, nil pointers and divisions by
zero, recover where it works and where it does not, end the goroutine, and return. Every step is
printed. Each case is run with a recover around it, and then alone, where a panic ends the program:
then the exit status and the report's first lines count too.

TEST_SEED replays a failure; a case that differs is named, and its text is in DIR.
"""
import os
import re
import sys

from beside_go import build, main, run

C_HEAD = """#include <goat.h>
#include <stdlib.h>
static long fuel, zero;
static long *nowhere;
static void trace(int k, long v) { printf("%d %ld\\n", k, v); }
static void show(int k, any v)
{
	long n;
	string s;
	goat_error e;
	if (is_nil(v)) printf("%d nil\\n", k);
	else if (type_assert_ok(v, long, &n)) printf("%d number %ld\\n", k, n);
	else if (type_assert_ok(v, string, &s)) printf("%d string %.*s\\n", k, STR(s));
	else if (type_assert_ok(v, goat_error, &e)) { string t = call(e, Error); printf("%d error %.*s\\n", k, STR(t)); }
}
"""

GO_HEAD = """package main
import ("fmt"; "os"; "runtime"; "strconv")
var fuel, zero int64
var nowhere *int64
var leave = runtime.Goexit
func trace(k int, v int64) { fmt.Println(k, v) }
func show(k int, v any) {
	switch x := v.(type) {
	case nil: fmt.Println(k, "nil")
	case int64: fmt.Println(k, "number", x)
	case string: fmt.Println(k, "string", x)
	case error: fmt.Println(k, "error", x.Error())
	}
}
"""


class Case:
    """The functions of one case; the last one is where it begins."""

    def __init__(self, rng, number):
        self.rng, self.number = rng, number
        self.c, self.go = [], []
        self.traces = 0
        self.exits = False      # it may end its goroutine
        self.functions = []
        self.helper()
        for _ in range(rng.randint(2, 5)):
            self.function()

    def line(self, c, go=None):
        self.c.append(c)
        self.go.append(c if go is None else go)

    def mark(self):
        self.traces += 1
        return self.traces

    def name(self, i):
        return f"c{self.number}f{i}"

    # A function that recovers, to be deferred or called by what is.
    def helper(self):
        k = self.mark()
        name = self.name(0)
        self.line(f"static long {name}(long x) {{ trace({k}, x); show({k}, recover()); return x; }}",
                  f"func {name}(x int64) int64 {{ trace({k}, x); show({k}, recover()); return x }}")
        self.functions.append(name)

    def function(self):
        name = self.name(len(self.functions))
        named = self.rng.random() < 0.6
        self.vars, self.fresh = ["x"], 0
        self.line(f"static long {name}(long x) {{", f"func {name}(x int64) " + ("(r int64) {" if named else "int64 {"))
        if named:
            self.line("result(long, r);", "")
            self.vars.append("r")
        self.line("if (fuel-- <= 0) return 0;", "fuel--; if fuel < 0 { return 0 }")
        self.budget = self.rng.randint(5, 22)
        self.body(0, False, False)
        value = self.value()
        self.line(f"return {value};", f"return {value}")
        self.line("}")
        self.functions.append(name)

    def body(self, depth, block, loop):
        known = len(self.vars)
        for _ in range(self.rng.randint(1, 5)):
            if self.budget <= 0:
                break
            self.budget -= 1
            self.statement(depth, block, loop)
        del self.vars[known:]

    def value(self):
        v = self.rng.choice(self.vars)
        return self.rng.choice([v, v, f"{v} + {self.rng.randint(1, 9)}", f"{v} % 7", str(self.rng.randint(0, 9))])

    def condition(self):
        return self.rng.choice([f"{self.value()} > {self.rng.randint(0, 6)}", f"({self.value()}) % 2 == 0"])

    def callee(self):
        return self.rng.choice(self.functions)

    def raise_something(self):
        v = self.value()
        word = self.rng.choice("abc") * 2
        c, go = self.rng.choice([
            (f"panic(as(any, (long)({v})));", f"panic(int64({v}))"),
            (f"panic(as(any, (long)({v})));", f"panic(int64({v}))"),
            (f'panic("{word}");', f'panic("{word}")'),
            ("*nowhere = 1;", "*nowhere = 1"),
            ("x = x / zero;", "x = x / zero"),
        ])
        if self.rng.random() < 0.05:
            self.exits = True
            c, go = "goat_goexit();", "leave()"
        self.line(f"if ({self.condition()}) {{ {c} }}", None)
        self.go[-1] = self.c[-1].replace(c, go)

    def statement(self, depth, block, loop):
        rng, v = self.rng, self.value()
        kinds = ["trace", "set", "deferred call", "deferred block", "call", "panic"]
        kinds += ["deferred block", "recover", "declare", "deferred trace"]
        if depth < 3:
            kinds += ["if", "if else", "for", "scope", "switch"]
        if block:
            kinds += ["recover", "repanic", "panic"]
        else:
            kinds += ["return"]
        if loop:
            kinds += ["break", "continue"]
        kind = rng.choice(kinds)
        if kind == "trace":
            self.line(f"trace({self.mark()}, {v});")
        elif kind == "set":
            target = rng.choice(self.vars)
            self.line(f"{target} = {v};")
        elif kind == "declare":
            self.fresh += 1
            name = f"v{self.fresh}"
            self.line(f"long {name} = {v};", f"var {name} int64 = {v}; _ = {name}")
            self.vars.append(name)
        elif kind == "deferred trace":
            self.line(f"defer trace({self.mark()}, {v});")
        elif kind == "deferred call":
            if rng.random() < 0.1:
                self.line("defer recover();")
            else:
                self.line(f"defer {self.callee()}({v});")
        elif kind == "deferred block":
            self.line("defer {", "defer func() {")
            self.body(depth + 1, True, False)
            self.line("}", "}()")
        elif kind == "call":
            target = rng.choice(self.vars)
            self.line(f"{target} = {self.callee()}({v}) % 50;")
        elif kind == "panic":
            self.raise_something()
        elif kind == "recover":
            self.line(f"show({self.mark()}, recover());")
        elif kind == "repanic":
            self.line("{ any e = recover(); if (!is_nil(e)) panic(e); }",
                      "{ e := recover(); if e != nil { panic(e) } }")
        elif kind == "return":
            self.line(f"if ({self.condition()}) {{ return {v}; }}", None)
        elif kind in ("if", "if else"):
            self.line(f"if ({self.condition()}) {{")
            self.body(depth + 1, block, loop)
            if kind == "if else":
                self.line("} else {")
                self.body(depth + 1, block, loop)
            self.line("}")
        elif kind == "for":
            self.fresh += 1
            name = f"i{self.fresh}"
            n = rng.choice([1, 2, 3, 12])
            self.line(f"long {name} = 0;", f"var {name} int64 = 0")
            self.line(f"for ({name} = 0; {name} < {n}; {name}++) {{", f"for {name} = 0; {name} < {n}; {name}++ {{")
            self.vars.append(name)
            self.frozen(name, depth, block)
            self.line("}")
        elif kind == "scope":
            self.line("{")
            self.body(depth + 1, block, loop)
            self.line("}")
        elif kind == "switch":
            self.line(f"switch (({v}) % 3) {{")
            for i in range(rng.randint(1, 3)):
                self.line(f"case {i}: {{")
                self.body(depth + 1, block, False)
                self.line("} break;", "}")
            self.line("}")
        elif kind in ("break", "continue"):
            self.line(f"if ({self.condition()}) {{ {kind}; }}", None)

    # The loop's variable may be read in the loop, and is not set there: it would never end.
    def frozen(self, name, depth, block):
        self.vars.remove(name)
        self.fresh += 1
        copy = f"v{self.fresh}"
        self.line(f"long {copy} = {name};", f"var {copy} int64 = {name}; _ = {copy}")
        self.vars.append(copy)
        self.body(depth + 1, block, True)
        self.vars.remove(copy)

    def start(self):
        return self.functions[-1]


def program(cases):
    c, go = [C_HEAD], [GO_HEAD]
    for case in cases:
        c += case.c
        go += [re.sub(r"\b(if|switch) \((.*)\) \{", r"\1 \2 {", line) for line in case.go]
    c.append("static void guard(int k, long (*f)(long)) {\n"
             "defer { show(k, recover()); }\nfuel = 60; trace(k, f(k % 11)); }")
    go.append("func guard(k int, f func(int64) int64) {\n"
              "defer func() { show(k, recover()) }()\nfuel = 60; trace(k, f(int64(k % 11))) }")
    c.append("int main(int argc, char **argv) { setlinebuf(stdout); switch (argc > 1 ? atoi(argv[1]) : -1) {")
    go.append('func main() { n := -1; if len(os.Args) > 1 { n, _ = strconv.Atoi(os.Args[1]) }; switch n {')
    for k, case in enumerate(cases):
        c.append(f"case {k}: fuel = 60; trace({k}, {case.start()}({k % 11})); return 0;")
        go.append(f"case {k}: fuel = 60; trace({k}, {case.start()}({k % 11})); return")
    c.append("}")
    go.append("}")
    for k, case in enumerate(cases):
        if case.exits:
            continue
        c.append(f'puts("case {k}"); guard({k}, {case.start()});')
        go.append(f'fmt.Println("case {k}"); guard({k}, {case.start()})')
    c.append("return 0; }")
    go.append("}")
    return "\n".join(c) + "\n", "\n".join(go) + "\n"


def last_words(text):
    """The report down to the goroutine, without what only one of the languages says."""
    lines = re.split("\n(?:goroutine|runtime stack)", text)[0].splitlines()
    return [re.sub(r" \[recovered, repanicked\]", " [recovered]", line)
            for line in lines if line and not line.startswith("[signal")]


def pieces(text):
    """Case number -> what it printed."""
    parts = re.split(r"^case (\d+)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def compare(args, rng, seed, keep, level):
    cases = [Case(rng, i) for i in range(args.count)]
    if not build(args, keep, seed, level, [], program(cases)):
        return args.count
    wrong = 0
    ours, theirs = run([f"{keep}/c.out"], timeout=60), run([f"{keep}/go.out"], timeout=60)
    mine, gos = pieces(ours.stdout), pieces(theirs.stdout)
    for k in range(args.count):
        if mine.get(str(k)) != gos.get(str(k)):
            wrong += 1
            print(f"seed {seed} {level}: case {k} prints something else: {c_text(cases[k])}")
            print(f"ours:\n{mine.get(str(k))}\nGo's:\n{gos.get(str(k))}")
            break
    for k in range(args.count):
        ours, theirs = run([f"{keep}/c.out", str(k)], timeout=60), run([f"{keep}/go.out", str(k)], timeout=60)
        if (ours.returncode, ours.stdout, last_words(ours.stderr)) != \
                (theirs.returncode, theirs.stdout, last_words(theirs.stderr)):
            wrong += 1
            print(f"seed {seed} {level}: case {k} alone: status {ours.returncode}, Go's {theirs.returncode}")
            print(f"ours: {ours.stderr[:600]}\nGo's: {theirs.stderr[:600]}")
            break
    return wrong


def c_text(case):
    return "\n".join(case.c)


if __name__ == "__main__":
    sys.exit(main(__doc__, compare, 40))

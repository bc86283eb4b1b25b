#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random programs of defer, panic and recover, in C and in Go: they must do the same.

Both are written from one random tree of statements. Standard output, exit status, and standard
error up to the traceback have to be equal. Without Go there is nothing to compare with.
"""
import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time

import testlib

GOATCC = os.environ.get("GOATCC", os.path.join(testlib.ROOT, "build", "goatcc"))

C_HEAD = """#include <goat.h>
#include <stdlib.h>
static int steps;
static int *volatile nil_pointer;
static volatile int zero, sink;
static bool over(void) { return ++steps > 300; }
static void say(const char *what, any v)
{
\tstring s; int n; goat_error e;
\tif (is_nil(v)) printf("%s nil\\n", what);
\telse if (type_assert_ok(v, string, &s)) printf("%s %.*s\\n", what, STR(s));
\telse if (type_assert_ok(v, int, &n)) printf("%s %d\\n", what, n);
\telse if (type_assert_ok(v, goat_error, &e)) { s = call(e, Error); printf("%s %.*s\\n", what, STR(s)); }
\telse printf("%s ?\\n", what);
}
"""
GO_HEAD = """package main
import ("fmt"; "os"; "runtime"; "strconv")
var steps, zero, sink int
var nilPointer *int
func over() bool { steps++; return steps > 300 }
func say(what string, v any) {
\tswitch x := v.(type) {
\tcase nil: fmt.Println(what, "nil")
\tcase string: fmt.Println(what, x)
\tcase int: fmt.Println(what, x)
\tcase error: fmt.Println(what, x.Error())
\tdefault: fmt.Println(what, "?")
\t}
}
"""


class Writer:
    """Writes a statement in both languages."""

    def __init__(self, rng, functions):
        self.rng, self.functions = rng, functions
        self.c, self.go = [], []
        self.label = 0

    def line(self, depth, c, go):
        self.c.append("\t" * depth + c)
        self.go.append("\t" * depth + go)

    def name(self):
        self.label += 1
        return f"x{self.label}"

    def block(self, depth, at, nesting, size, deferred):
        """Statements in function AT; DEFERRED: in a deferred block."""
        for _ in range(self.rng.randint(1, size)):
            self.statement(depth, at, nesting, deferred)

    def statement(self, depth, at, nesting, deferred):
        choice, name = self.rng.random(), self.name()
        if choice < 0.12:
            self.line(depth, f'puts("{name}");', f'fmt.Println("{name}")')
        elif choice < 0.40 and nesting < 3:
            self.line(depth, "defer {", "defer func() {")
            self.block(depth + 1, at, nesting + 1, 3, True)
            self.line(depth, "}", "}()")
        elif choice < 0.48 and at + 1 < self.functions:
            to = self.rng.randrange(at + 1, self.functions)
            self.line(depth, f"defer f{to}({at});", f"defer f{to}({at})")
        elif choice < 0.54:
            self.line(depth, "for (int i = 0; i < 3; i++) {", "for i := 0; i < 3; i++ {")
            if self.rng.random() < 0.5:
                self.line(depth + 1, f'defer printf("{name} %d\\n", i);',
                          f'defer func(i int) {{ fmt.Println("{name}", i) }}(i)')
            else:
                self.line(depth + 1, "defer {", "defer func() {")
                self.block(depth + 2, at, 3, 2, True)
                self.line(depth + 1, "}", "}()")
            self.line(depth, "}", "}")
        elif choice < 0.66 and at + 1 < self.functions:
            to = self.rng.randrange(at + 1, self.functions)
            self.line(depth, f"f{to}({at});", f"f{to}({at})")
        elif choice < 0.80:
            self.line(depth, f'say("{name}", recover());', f'say("{name}", recover())')
        elif choice < 0.86:
            self.line(depth, "{ any v = recover(); if (!is_nil(v)) panic(v); }",
                      "if v := recover(); v != nil { panic(v) }")
        elif choice < 0.93:
            odd = self.rng.randint(1, 3)
            self.line(depth, f'if (!over() && steps % {odd} == 0) panic("{name}");',
                      f'if !over() && steps % {odd} == 0 {{ panic("{name}") }}')
        elif choice < 0.95:
            # Equal numbers of two places are one object in Go, and the report tells them not apart.
            number = 1000 + int(name[1:])
            self.line(depth, f"if (!over()) panic(as(any, {number}));",
                      f"if !over() {{ panic({number}) }}")
        elif choice < 0.97:
            self.line(depth, "if (!over()) sink = *nil_pointer;", "if !over() { sink = *nilPointer }")
        elif choice < 0.985:
            self.line(depth, "if (!over()) sink = 1 / zero;", "if !over() { sink = 1 / zero }")
        elif choice < 0.992:
            self.line(depth, "if (!over()) goat_goexit();", "if !over() { runtime.Goexit() }")
        else:
            self.line(depth, "r += steps;", "r += steps")


def program(seed, cases):
    """A program in C and one in Go; argument N runs case N."""
    rng = random.Random(seed)
    c, go = [C_HEAD], [GO_HEAD]
    for case in range(cases):
        functions = rng.randint(2, 5)
        for at in reversed(range(functions)):
            w = Writer(rng, functions)
            w.label = at * 1000
            w.block(1, at, 0, 5, False)
            body_c = re.sub(r"\bf(\d)\(", rf"c{case}_f\1(", "\n".join(w.c))
            body_go = re.sub(r"\bf(\d)\(", rf"c{case}_f\1(", "\n".join(w.go))
            c.append(f"static int c{case}_f{at}(int n)\n{{\n\tresult(int, r);\n\n\tif (over()) return n;\n"
                     f"{body_c}\n\treturn n + 1;\n}}\n")
            go.append(f"func c{case}_f{at}(n int) (r int) {{\n\tif over() {{ return n }}\n{body_go}\n"
                      "\treturn n + 1\n}\n")
    c.append("int main(int argc, char **argv)\n{\n\tint r;\n\n\tsetlinebuf(stdout);\n\tswitch (argc > 1 ? atoi(argv[1]) : -1) {")
    go.append("func main() {\n\tn, _ := strconv.Atoi(os.Args[1])\n\tswitch n {")
    for case in range(cases):
        call = f'r = c{case}_f0(1); printf("%d %d\\n", r, steps);'
        c.append(f"\tcase {case}: {call} break;")
        go.append(f"\tcase {case}: r := c{case}_f0(1); fmt.Println(r, steps)")
    c.append("\t}\n\treturn 0;\n}\n")
    go.append("\t}\n}\n")
    return "\n".join(c), "\n".join(go)


def words(told):
    """What has to be equal."""
    err = told.err.split("\ngoroutine ")[0].split("\nruntime stack:")[0]
    err = re.sub(r"\[signal .*\]", "[signal]", err)
    return told.status, told.out, err.rstrip()


def compare(seed, cases, level, scratch):
    """How many cases were equal; prints those that were not."""
    c, go = program(seed, cases)
    files = {"p.c": c, "p.go": go}
    for name, text in files.items():
        with open(os.path.join(scratch, name), "w", encoding="utf-8") as f:
            f.write(text)
    for argv in ([GOATCC, "-w", level, "p.c", "-o", "ours"], ["go", "build", "-o", "gos", "p.go"]):
        built = testlib.run(argv, timeout=300, cwd=scratch)
        if built.status != 0:
            print(f"not ok seed {seed}: {argv[0]} fails\n{built.err[:2000]}")
            return 0
    good = 0
    for case in range(cases):
        ours, gos = (words(testlib.run([os.path.join(scratch, exe), str(case)], timeout=20))
                     for exe in ("ours", "gos"))
        if ours == gos:
            good += 1
        else:
            print(f"not ok seed {seed} case {case} {level}\n    # ours {ours}\n    # go   {gos}")
    return good


def main():
    """Compares until the number is reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=4, help="programs (default: %(default)s)")
    parser.add_argument("--cases", type=int, default=40, help="cases of each (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("TEST_SEED", time.time())))
    parser.add_argument("--keep", help="write the sources of the seed there, and do nothing else")
    args = parser.parse_args()
    if args.keep:
        for name, text in zip(("p.c", "p.go"), program(args.seed, args.cases)):
            with open(os.path.join(args.keep, name), "w", encoding="utf-8") as f:
                f.write(text)
        return
    if subprocess.run(["go", "version"], capture_output=True, check=False).returncode != 0:
        testlib.skip("no Go")
    passed = 0
    for i in range(args.n):
        with tempfile.TemporaryDirectory() as scratch:
            passed += compare(args.seed + i, args.cases, ("-O0", "-O2")[i % 2], scratch)
    failed = args.n * args.cases - passed
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()

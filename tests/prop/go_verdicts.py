#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds our verdicts against those of Go's own compiler, on random programs written in both languages.

usage: go_verdicts.py --goatcc PATH [--seed N] [--count N] [--keep DIR]

A program is a few functions that call each other and move pointers between parameters, locals,
fields, arrays, globals, new objects, slices, maps, strings, interfaces and results, in loops,
conditions and deferred code. Each of its lines says the same in C and in Go, so that the reports can
be compared line by line. What differs by language is left out: conversions, unions, byte copies,
goto into blocks.

TEST_SEED replays one failure; the line that differs is printed in both languages.
"""
import argparse
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

# The types, as (C declarator, Go type), by letter.
TYPES = {
    "i": ("int {}", "int"),
    "p": ("int *{}", "*int"),
    "q": ("int **{}", "**int"),
    "s": ("S *{}", "*S"),
    "t": ("S {}", "S"),
    "v": ("int *{}[2]", "[2]*int"),
    "e": ("any {}", "any"),
    "m": ("I {}", "I"),
    "l": ("L {}", "L"),
    "k": ("K {}", "K"),
    "w": ("string {}", "string"),
    "c": ("C {}", "C"),
}
GLOBALS = {"p": "g", "q": "gg", "s": "gs", "t": "gv", "e": "ge", "m": "gm", "l": "gl", "k": "gk", "w": "gw", "c": "gc"}


class Function:
    def __init__(self, rng, name):
        self.name = name
        self.params = [rng.choice("pqstemlkwc") for _ in range(rng.randint(1, 3))]
        self.result = rng.choice("pqstppemlkwc")


class Program:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.in_go = 0
        self.c, self.go = [], []
        self.functions = [Function(self.rng, f"f{i}") for i in range(self.rng.randint(3, 6))]
        self.line("#include <goat.h>", "package p")
        self.line("typedef struct S { int *a, *b; struct S *n; int v; } S;",
                  "type S struct { a, b *int; n *S; v int }")
        self.line("int *g; int **gg; S *gs; S gv; any ge;", "var g *int; var gg **int; var gs *S; var gv S; var ge any")
        self.line("interface(I) { int *(*M)(void *self, int *p); };", "type I interface { M(p *int) *int }")
        self.line("I gm;", "var gm I")
        self.line("typedef slice(int *) L; typedef map(int, int *) K;", "type L []*int; type K map[int]*int")
        self.line("L gl; K gk; string gw;", "var gl L; var gk K; var gw string")
        self.line("typedef chan(int *) C; C gc;", "type C chan *int; var gc C")
        self.line("method int *S_M(S *s, int *p) {", "func (s *S) M(p *int) *int {")
        c, go = self.rng.choice([("return p;", "return p"), ("return s->a;", "return s.a"), ("s->b = p; return g;", "s.b = p; return g")])
        self.line(c, go)
        self.line("}")
        self.line(" ".join(self.prototype(f) + ";" for f in self.functions), "")
        for f in self.functions:
            self.define(f)

    def line(self, c, go=None):
        self.c.append(c)
        self.go.append(c if go is None else go)

    @staticmethod
    def names(f):
        return [(t, f"{t}{i}") for i, t in enumerate(f.params)]

    def prototype(self, f):
        params = [TYPES[t][0].format(n) for t, n in self.names(f)] + ["int i"]
        return TYPES[f.result][0].format(f"{f.name}({', '.join(params)})")

    def define(self, f):
        params = [f"{n} {TYPES[t][1]}" for t, n in self.names(f)] + ["i int"]
        self.vars = [("i", "i")] + self.names(f)
        self.serial = 0
        self.line(self.prototype(f) + " {", f"func {f.name}({', '.join(params)}) {TYPES[f.result][1]} {{")
        for _ in range(self.rng.randint(3, 9)):
            self.statement(0)
        c, go = self.value(f.result)
        self.line(f"return {c};", f"return {go}")
        self.line("}", "}")

    def pick(self, kind):
        names = [n for t, n in self.vars if t == kind]
        return self.rng.choice(names) if names else None

    def forms(self, kind, *templates):
        """Each template with a variable of that kind; C's -> is a dot in Go."""
        made = []
        for template in templates:
            name = self.pick(kind)
            if name:
                text = template.format(name)
                made.append((text, text.replace("->", ".")))
        return made

    def value(self, t, depth=0):
        """An expression of type T, as (C, Go)."""
        callees = [f for f in self.functions if f.result == t]
        if callees and depth < 2 and self.rng.random() < 0.35:
            return self.call(self.rng.choice(callees), depth)
        return self.rng.choice(getattr(self, "values_" + t)(depth))

    def call(self, f, depth):
        # What a block makes for a call of the function around it escapes in Go.
        args = [(self.pick(t) or GLOBALS[t],) * 2 if self.in_go else self.value(t, depth + 1) for t in f.params]
        args.append(("i", "i"))
        return tuple(f"{f.name}({', '.join(a[k] for a in args)})" for k in (0, 1))

    def values_i(self, _):
        return [("i + 1", "i + 1")] + self.forms("p", "*{}") + self.forms("s", "{}->v")

    def values_p(self, _):
        return (self.forms("p", "{}", "{}") + self.forms("q", "*{}") + self.forms("i", "&{}", "&{}")
                + self.forms("s", "{}->a", "{}->n->b", "&{}->v") + self.forms("t", "{}.b", "&{}.v")
                + self.forms("v", "{}[i]") + [("g", "g"), ("gs->a", "gs.a"), ("new(int)", "new(int)")]
                + self.asserted("int *", "*int") + self.method_call()
                + self.both("l", "at({}, i)", "{}[i]") + self.both("k", "map_get({}, i)", "{}[i]")
                + self.both("c", "chan_recv({})", "<-{}"))

    def both(self, kind, c, go):
        """One variable of that kind in two templates."""
        name = self.pick(kind)
        return [(c.format(name), go.format(name))] if name else []

    def values_l(self, _):
        made = self.forms("l", "{}", "{}") + self.both("l", "subslice({}, 0, 1)", "{}[0:1]")
        name, p = self.pick("l"), self.pick("p")
        if name and p:
            made.append((f"append({name}, {p})", f"append({name}, {p})"))
        return made + [("gl", "gl"), ("make(L, 3)", "make(L, 3)"), ("make(L, 0, 2)", "make(L, 0, 2)")]

    def values_k(self, _):
        return self.forms("k", "{}", "{}") + [("gk", "gk"), ("make(K)", "make(K)")]

    def values_c(self, _):
        return self.forms("c", "{}", "{}") + [("gc", "gc"), ("make(C, 2)", "make(C, 2)"), ("make(C)", "make(C)")]

    def values_w(self, _):
        made = self.forms("w", "{}", "{}") + [("gw", "gw"), ('str("x")', '"x"')]
        a, b = self.pick("w"), self.pick("w")
        if a and b:
            made.append((f"string_cat({a}, {b})", f"{a} + {b}"))
        return made

    def asserted(self, c, go):
        e = self.pick("e")
        return [(f"type_assert({e}, {c})", f"{e}.({go})")] if e else []

    def method_call(self):
        m, p = self.pick("m"), self.pick("p")
        return [(f"call({m}, M, {p})", f"{m}.M({p})")] if m and p else []

    def converted(self, inter, kinds):
        names = [self.pick(kind) for kind in kinds]
        return [(f"as({inter}, {name})", name) for name in names if name]

    def values_e(self, _):
        return self.forms("e", "{}", "{}") + [("ge", "ge")] + self.converted("any", "pqsti")

    def values_m(self, _):
        return self.forms("m", "{}") + [("gm", "gm")] + self.converted("I", "ss")

    def values_q(self, _):
        return (self.both("l", "&at({}, i)", "&{}[i]") + self.forms("q", "{}", "{}") + self.forms("p", "&{}", "&{}") + self.forms("s", "&{}->a")
                + self.forms("t", "&{}.b") + self.forms("v", "&{}[i]")
                + [("gg", "gg"), ("new(int *)", "new(*int)")])

    def values_s(self, depth):
        made = self.forms("s", "{}", "{}->n") + self.forms("t", "&{}", "{}.n")
        if depth < 2:
            (a, go_a), (n, go_n) = self.value("p", depth + 1), self.value("s", depth + 1)
            made.append((f"new(S, .a = {a}, .n = {n})", f"&S{{a: {go_a}, n: {go_n}}}"))
        return made + [("gs", "gs"), ("new(S)", "new(S)")] + self.asserted("S *", "*S")

    def values_t(self, depth):
        made = self.forms("t", "{}", "{}") + self.forms("s", "*{}")
        if depth < 2:
            (b, go_b), (n, go_n) = self.value("p", depth + 1), self.value("s", depth + 1)
            made.append((f"(S){{ .b = {b}, .n = {n} }}", f"S{{b: {go_b}, n: {go_n}}}"))
        return made + [("gv", "gv")] + self.asserted("S", "S")

    def places(self, t):
        """What a value of type T can be assigned to."""
        if t == "m":            # since 1.25 Go sees through assignments of one type
            return [("gm", "gm")]
        made = self.forms(t, "{}", "{}") + [(GLOBALS[t],) * 2]
        if t == "p":
            made += (self.forms("q", "*{}") + self.forms("s", "{}->a") + self.forms("t", "{}.b")
                     + self.forms("v", "{}[i]") + [("gs->a", "gs.a"), ("gv.b", "gv.b")]
                     + self.both("l", "at({}, i)", "{}[i]"))
        elif t == "s":
            made += self.forms("s", "{}->n")
        elif t == "t":
            made += self.forms("s", "*{}")
        return made

    def statement(self, depth):
        chance = self.rng.random()
        if chance < 0.35:
            self.definition()
        elif chance < 0.40:
            self.deferred(depth)
        elif chance < 0.45:
            self.goroutine(depth)
        elif chance < 0.50:
            self.communication(depth)
        elif chance < 0.86 or depth == 3:
            if self.rng.random() < 0.15:
                return self.container()
            t = self.rng.choice("ppqstemlkwc")
            (place, go_place), (value, go_value) = self.rng.choice(self.places(t)), self.value(t)
            if place != value:
                self.line(f"{place} = {value};", f"{go_place} = {go_value}")
        else:
            self.block(depth)

    def container(self):
        k, l, p = self.pick("k") or "gk", self.pick("l") or "gl", self.pick("p") or "g"
        c, go = self.rng.choice([(f"map_set({k}, i, {p});", f"{k}[i] = {p}"),
                                 (f"copy({l}, {self.pick('l') or 'gl'});", None)])
        self.line(c, c[:-1] if go is None else go)

    def definition(self):
        t = self.rng.choice("pqstivemlkwc")
        self.serial += 1
        name = f"{t}x{self.serial}"
        c, go = self.value("p" if t == "v" else t)
        if t == "v":
            c, go = f"{{ {c} }}", f"[2]*int{{ {go} }}"
        self.line(f"{TYPES[t][0].format(name)} = {c};", f"var {name} {TYPES[t][1]} = {go}; _ = {name}")
        self.vars.append((t, name))

    # Go moves what is made in the arguments into a function of its own, where recursion sees it as
    # outside; and what a block in a loop captures it takes for assigned wherever that is.
    def deferred(self, depth):
        if depth > 0 or self.rng.random() < 0.4:
            f = self.rng.choice(self.functions)
            args = [self.pick(t) or GLOBALS[t] for t in f.params] + ["i"]
            self.line(f"defer {f.name}({', '.join(args)});")
            return
        outer = len(self.vars)
        self.line("defer {", "defer func() {")
        for _ in range(self.rng.randint(1, 3)):
            self.statement(3)
        self.line("}", "}()")
        del self.vars[outer:]

    # Of a variable that a block captures Go asks whether it is assigned to anywhere, we whether later.
    def goroutine(self, depth):
        if self.rng.random() < 0.4:
            f = self.rng.choice(self.functions)
            args = [self.pick(t) or GLOBALS[t] for t in f.params] + ["i"]
            self.line(f"go {f.name}({', '.join(args)});", f"go {f.name}({', '.join(args)})")
            return
        outer, fresh = self.vars, len(self.vars)
        for _ in range(self.rng.randint(1, 3)):
            self.definition()
        self.line("go {", "go func() {")
        self.line("int i = *g;", "var i int = *g; _ = i")
        self.vars = self.vars[fresh:] + [("i", "i")]
        self.in_go += 1
        for _ in range(self.rng.randint(1, 4)):
            self.statement(3 if depth else 2)
        self.line("}", "}()")
        self.in_go -= 1
        self.vars = outer

    def communication(self, depth):
        c, p = self.pick("c") or "gc", self.pick("p") or "g"
        what = self.rng.random()
        if what < 0.4 or depth == 3:
            (v, go_v) = self.value("p")
            self.line(f"chan_send({c}, {v});", f"{c} <- {go_v}")
            return
        outer = len(self.vars)
        self.serial += 1
        name = f"px{self.serial}"
        if what < 0.6:
            self.line(f"chan_range ({c}, {name}) {{", f"for {name} := range {c} {{ _ = {name}")
            self.received(outer, name, depth)
            self.line("}", "}")
            return
        self.line("chan_select {", "select {")
        for kind in self.rng.sample(["recv", "ok", "send", "default", "recv"], self.rng.randint(1, 4)):
            if kind == "recv":
                self.line(f"case_recv ({c}, {name}) {{", f"case {name} := <-{c}: _ = {name}")
            elif kind == "ok":
                self.line(f"case_recv_ok ({c}, {name}, ok) {{", f"case {name}, ok := <-{c}: _, _ = {name}, ok")
            elif kind == "send":
                (v, go_v) = self.value("p")
                self.line(f"case_send ({c}, {v}) {{", f"case {c} <- {go_v}:")
            else:
                self.line("case_default {", "default:")
            self.received(outer, name if kind in ("recv", "ok") else None, depth)
            self.line("}", "")
        self.line("}", "}")

    def received(self, outer, name, depth):
        if name:
            self.vars.append(("p", name))
        for _ in range(self.rng.randint(0, 2)):
            self.statement(depth + 1)
        del self.vars[outer:]

    def block(self, depth):
        c, go = self.rng.choice([("while", "for"), ("if", "if")])
        outer = len(self.vars)
        self.line(f"{c} (i > {depth}) {{", f"{go} i > {depth} {{")
        for _ in range(self.rng.randint(1, 4)):
            self.statement(depth + 1)
        self.line("i--; }", "i--; }")
        del self.vars[outer:]


def normal(text):
    text = text.replace("&S{...}", "new(S)").replace("new(*int)", "new(int *)")
    text = re.sub(r"^(\w+) \+ (\w+) (does|escapes)", r"string_cat(\1, \2) \3", text)
    text = re.sub(r"(devirtualizing .* to) \*(\w+)$", r"\1 \2 *", text)
    return "ignoring self-assignment" if "ignoring self-assignment" in text else text


def report(command, path, form):
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"))
    output = done.stdout + done.stderr
    if done.returncode:
        sys.exit(f"{shlex.join(command)}: {output[:400]}")
    found = re.finditer(re.escape(os.path.basename(path)) + form, output)
    # Of append's new arrays Go speaks since 1.25.
    return {(int(m[1]), normal(m[2])) for m in found if not m[2].startswith("append ")}


def compare(goatcc, seed, directory):
    program = Program(seed)
    c, go = (os.path.join(directory, "x." + suffix) for suffix in ("c", "go"))
    for path, lines in (c, program.c), (go, program.go):
        with open(path, "w", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")
    ours = report(goatcc + ["-w", "-fno-diagnostics-show-caret", "-fgoat-m", "-fgoat-l", "-S", c,
                            "-o", os.devnull], c, r":(\d+):\d+: note: (.*)")
    theirs = report(["go", "tool", "compile", "-p", "p", "-m", "-l", "-o", os.devnull, go], go,
                    r":(\d+):\d+: (.*)")
    for line, text in sorted(ours ^ theirs):
        who = "goat" if (line, text) in ours else "Go"
        print(f"seed {seed}, line {line}: only {who} says: {text}\n\t{program.c[line - 1]}\n\t{program.go[line - 1]}")
    return ours == theirs, len(theirs)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--goatcc", default=os.environ.get("GOATCC", "goatcc"))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("TEST_SEED", 1)))
    parser.add_argument("--count", type=int, default=1 if "TEST_SEED" in os.environ else 40)
    parser.add_argument("--keep", help="leave the last program in this directory")
    args = parser.parse_args()
    if shutil.which("go") is None:
        print("skip: no go")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as scratch:
        seeds = range(args.seed, args.seed + args.count)
        results = [compare(shlex.split(args.goatcc), seed, args.keep or scratch) for seed in seeds]
    good = [same for same, _ in results]
    print(f"{sum(good)} of {len(good)} programs with Go's verdicts, {sum(n for _, n in results)} in all")
    sys.exit(not all(good))


main()

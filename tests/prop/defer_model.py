#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds deferred code against a model, on random programs.

usage: defer_model.py --goatcc PATH [--seed N] [--count N] [--options="-O0,-O2 -g"]

A program is a few functions that call each other, and defer calls and blocks in branches, loops,
switches, statement expressions and other deferred blocks; they declare variables there and change
them, panic and recover, and leave by return, break, continue and goto. What C has and Go has not
is among it: block_defer, the cleanup attribute, statement expressions, switches that fall through.
Each step is a line of output. The model runs the same program as a tree: a deferred block is a
closure over cells, a panic an exception.

The two draw the same random numbers while they run. TEST_SEED is the first program's seed; one
that differs is named with its seed and the lines where they part.
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile

sys.setrecursionlimit(100000)

MOST_STEPS = 20000

HEAD = """#include <goat.h>
#include <stdlib.h>
static unsigned state = %d;
static int steps;
static unsigned coin(unsigned m) { state = state * 1103515245u + 12345u; return (state >> 16) %% m; }
static void step(void) { if (++steps > %d) exit(0); }
static void say(int k, int v) { printf("%%d %%d\\n", k, v); step(); }
static void both(int k, int v, int w) { printf("%%d %%d %%d\\n", k, v, w); step(); }
static void show(int k, any a) { printf("%%d r %%d\\n", k, is_nil(a) ? -1 : type_assert(a, int)); }
static void deeper(int k) { show(k, recover()); }
static void recovers(int k) { show(k, recover()); }
static void too_deep(int k) { deeper(k); }
static void cleaned(int *p) { printf("c %%d\\n", *p); }
"""


class Place:
    """Where a statement stands: what it may do there."""

    def __init__(self, number, depth=0, loop=False, breakable=False, returns=True):
        self.number, self.depth = number, depth         # of the function; of blocks
        self.loop, self.breakable, self.returns = loop, breakable, returns

    def inside(self, **changes):
        p = Place(self.number, self.depth + 1, self.loop, self.breakable, self.returns)
        p.__dict__.update(changes)
        return p

    def deferred(self):
        return self.inside(loop=False, breakable=False, returns=False)


class Generator:
    """Makes a program: a list of (named result?, statements). A statement is a tuple."""

    LEAF = ("say", "declare", "assign", "defer_call", "defer_recover", "defer_function",
            "block_defer_call", "leave", "panic", "call", "recover", "cleanup")
    TREE = ("defer_block", "block_defer_block", "if_else", "for_loop", "while_loop", "switch",
            "goto_loop", "braces", "expression")
    WEIGHT = {"declare": 5, "say": 4, "assign": 4, "defer_call": 5, "defer_block": 6, "leave": 4,
              "recover": 3, "if_else": 4, "for_loop": 3}

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = self.keys = 0
        self.budget = 0
        self.constant = set()
        self.array = set()

    def key(self):
        self.keys += 1
        return self.keys

    def name(self):
        self.names += 1
        return f"v{self.names}"

    def value(self, scope):
        """A pair: a variable, or None, and what is added to it."""
        which = self.random.randrange(4)
        return (self.random.choice(scope) if which else None,
                self.random.randrange(10) if which in (0, 3) else 0)

    def block(self, scope, place, most=4):
        scope, out = list(scope), []
        for _ in range(self.random.randint(1, most)):
            out.append(self.statement(scope, place))
        return [s for s in out if s]

    def statement(self, scope, place):
        self.budget -= 1
        kinds = self.LEAF + (self.TREE if place.depth < 5 else ())
        if self.budget < 0:
            kinds = ("say",)
        kind = self.random.choices(kinds, [self.WEIGHT.get(k, 2) for k in kinds])[0]
        return getattr(self, kind)(scope, place)

    def say(self, scope, _):
        return ("say", self.key(), self.value(scope))

    def declare(self, scope, _):
        value, v = self.value(scope), self.name()
        kind = self.random.choice(("int", "int", "int", "const int", "array"))
        if kind == "array":
            self.array.add(v)
        if kind == "const int":
            self.constant.add(v)
        scope.append(v)
        return ("declare", v, value, kind)

    def assign(self, scope, _):
        to = [v for v in scope if v not in self.constant]
        return ("assign", self.random.choice(to), self.value(scope)) if to else None

    def defer_call(self, scope, _):
        return ("defer_call", self.key(), self.value(scope), self.value(scope))

    def defer_recover(self, _, __):
        return ("defer_recover", self.key(), self.random.choice(("recovers", "too_deep", "recover")))

    def defer_function(self, scope, place):
        if place.number == 0:
            return None
        return ("defer_function", self.random.randrange(place.number), self.value(scope))

    def block_defer_call(self, scope, _):
        return ("block_defer_call", self.key(), self.value(scope))

    def defer_block(self, scope, place):
        return ("defer_block", self.key(), self.block(scope, place.deferred()))

    def block_defer_block(self, scope, place):
        return ("block_defer_block", self.key(), self.block(scope, place.deferred()))

    def if_else(self, scope, place):
        return ("if_else", self.random.randint(2, 3), self.block(scope, place.inside()),
                self.block(scope, place.inside()) if self.random.random() < 0.5 else [])

    def loop(self, kind, scope, place):
        v = self.name()
        self.constant.add(v)
        return (kind, v, self.random.randint(1, 3),
                self.block(scope + [v], place.inside(loop=True, breakable=True)))

    def for_loop(self, scope, place):
        return self.loop("for_loop", scope, place)

    def while_loop(self, scope, place):
        return self.loop("while_loop", scope, place)

    def goto_loop(self, scope, place):
        return ("goto_loop", self.name(), self.random.randint(1, 2), self.block(scope, place.inside()))

    def switch(self, scope, place):
        cases = [self.block(scope, place.inside(breakable=True))
                 for _ in range(self.random.randint(1, 3))]
        return ("switch", cases, self.random.random() < 0.5)

    def braces(self, scope, place):
        return ("braces", self.block(scope, place.inside()))

    def expression(self, scope, place):
        return ("expression", self.key(), self.block(scope, place.inside()), self.value(scope))

    def leave(self, scope, place):
        ways = [("return", self.value(scope))] * place.returns
        ways += [("break",)] * place.breakable + [("continue",)] * place.loop
        return ("if_else", 3, [self.random.choice(ways)], []) if ways else None

    def panic(self, scope, _):
        return ("if_else", 4, [("panic", self.value(scope))], [])

    def call(self, scope, place):
        if place.number == 0:
            return None
        return ("call", self.key(), self.random.randrange(place.number), self.value(scope))

    def recover(self, _, __):
        return ("recover", self.key(), self.random.random() < 0.7)

    def cleanup(self, scope, _):
        value, v = self.value(scope), self.name()
        scope.append(v)
        return ("cleanup", v, value)

    def program(self):
        functions = []
        for number in range(self.random.randint(2, 5)):
            self.budget = self.random.choice((6, 12, 25, 40))
            named = self.random.random() < 0.5
            body = self.block(["n", "r"] if named else ["n"], Place(number), 8)
            functions.append((named, body if named else body + [("return", ("n", 0))]))
        return functions


class Writer:
    """The program in C."""

    def __init__(self, arrays):
        self.arrays = arrays
        self.lines = []
        self.indent = 0

    def line(self, text):
        self.lines.append("\t" * self.indent + text)

    def place(self, v):
        return v + "[0]" if v in self.arrays else v

    def value(self, value):
        v, n = value
        return str(n) if v is None else f"({self.place(v)} + {n})"

    def block(self, head, body, tail="}"):
        self.line(head + " {")
        self.indent += 1
        for statement in body:
            getattr(self, "do_" + statement[0])(*statement[1:])
        self.indent -= 1
        self.line(tail)

    def do_say(self, key, value):
        self.line(f"say({key}, {self.value(value)});")

    def do_declare(self, v, value, kind):
        if kind == "array":
            self.line(f"int {v}[3] = {{ {self.value(value)}, 1 }};")
        else:
            self.line(f"{kind} {v} = {self.value(value)};")

    def do_assign(self, v, value):
        self.line(f"{self.place(v)} = {self.value(value)} + 1;")

    def do_defer_call(self, key, a, b):
        self.line(f"defer both({key}, {self.value(a)}, {self.value(b)});")

    def do_defer_recover(self, key, how):
        self.line("defer recover();" if how == "recover" else f"defer {how}({key});")

    def do_defer_function(self, number, value):
        self.line(f"defer f{number}({self.value(value)});")

    def do_block_defer_call(self, key, value):
        self.line(f"block_defer say({key}, {self.value(value)});")

    def do_defer_block(self, key, body):
        self.block("defer", [("say", key, (None, 0))] + body)

    def do_block_defer_block(self, key, body):
        self.block("block_defer", [("say", key, (None, 0))] + body)

    def do_if_else(self, odds, then, otherwise):
        self.block(f"if (coin({odds}) == 0)", then)
        if otherwise:
            self.block("else", otherwise)

    def do_for_loop(self, v, rounds, body):
        self.block(f"for (int {v} = 0; {v} < {rounds}; {v}++)", body)

    def do_while_loop(self, v, rounds, body):
        self.line(f"{{ int {v} = {rounds};")
        self.block(f"while ({v}-- > 0)", body, "} }")

    def do_goto_loop(self, v, rounds, body):
        self.line(f"{{ int {v} = {rounds};")
        self.block(f"again_{v}:", body, f"}} if ({v}-- > 0) goto again_{v}; }}")

    def do_switch(self, cases, through):
        self.line(f"switch (coin({len(cases) + 1})) {{")
        for i, body in enumerate(cases):
            self.block(f"case {i}:", body)
            if not through:
                self.line("break;")
        self.line("}")

    def do_braces(self, body):
        self.block("", body)

    def do_expression(self, key, body, value):
        self.block(f"say({key}, (", body + [("is", value)], "}));")

    def do_is(self, value):
        self.line(self.value(value) + ";")

    def do_return(self, value):
        self.line(f"return {self.value(value)};")

    def do_break(self):
        self.line("break;")

    def do_continue(self):
        self.line("continue;")

    def do_panic(self, value):
        self.line(f"panic({self.value(value)});")

    def do_call(self, key, number, value):
        self.line(f"say({key}, f{number}({self.value(value)}));")

    def do_recover(self, key, here):
        self.line(f"show({key}, recover());" if here else f"deeper({key});")

    def do_cleanup(self, v, value):
        self.line(f"__attribute__((cleanup(cleaned))) int {v} = {self.value(value)};")

    def program(self, functions, seed):
        self.lines = [HEAD % (seed & 0x7fffffff, MOST_STEPS)]
        for i, (named, body) in enumerate(functions):
            self.line(f"static int f{i}(int n)\n{{")
            if named:
                self.line("\tresult(int, r);")
            self.block("", body)
            self.line("}")
        self.line("static void top(int i)\n{\n\tdefer { show(-1, recover()); }")
        for i in range(len(functions)):
            self.line(f"\tif (i == {i}) say(-2, f{i}({i + 3}));")
        self.line("}\nint main(void)\n{")
        self.line(f"\tfor (int i = 0; i < {2 * len(functions)}; i++) top(i / 2);")
        self.line("\treturn 0;\n}\n")
        return "\n".join(self.lines)


class Leaves(Exception):
    """Out of a loop, a switch or the function: WAY is break, continue or return."""

    def __init__(self, way):
        self.way = way


class Panic(Exception):
    def __init__(self, value):
        self.value, self.recovered = value, False


class Enough(Exception):
    """The program ends itself after so many steps."""


class Cell:
    def __init__(self, value):
        self.value = value


class Frame:
    """A function, or a deferred block, that runs. BY: the panic that recover() here would see."""

    def __init__(self, result, by, is_block):
        self.result, self.by, self.is_block = result, by, is_block
        self.deferred = []


def wrapped(n):
    return (n + (1 << 31)) % (1 << 32) - (1 << 31)


class Model:
    """Runs the program, and keeps what it prints in `out`."""

    def __init__(self, functions, seed):
        self.functions, self.state = functions, seed & 0x7fffffff
        self.out, self.steps = [], 0

    def coin(self, m):
        self.state = (self.state * 1103515245 + 12345) & 0xffffffff
        return (self.state >> 16) % m

    def step(self):
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Enough

    def print(self, *words):
        self.out.append(" ".join(map(str, words)))
        self.step()

    def show(self, key, panic):
        """Prints what recover() gives, PANIC being the one that it would end."""
        ended = panic is not None and not panic.recovered
        if ended:
            panic.recovered = True
        self.out.append(f"{key} r {panic.value if ended else -1}")

    @staticmethod
    def value(value, scope):
        v, n = value
        return n if v is None else wrapped(scope[v].value + n)

    def block(self, body, scope, frame):
        self.statements(body, 0, dict(scope), frame)

    def statements(self, body, i, scope, frame):
        for i in range(i, len(body)):
            kind, *rest = body[i]
            if kind.startswith("block_defer"):
                return self.block_defer(kind, rest, body, i + 1, scope, frame)
            if kind == "cleanup":
                return self.cleanup(*rest, body, i + 1, scope, frame)
            getattr(self, "do_" + kind)(*rest, scope, frame)

    @staticmethod
    def run(deferred, pending):
        """Runs deferred code, newest first, by the panic PENDING or none; gives the one that is left."""
        while deferred:
            try:
                deferred.pop()(pending)
            except Panic as p:
                pending = p
            if pending is not None and pending.recovered:
                pending = None
        return pending

    def block_defer(self, kind, rest, body, i, scope, frame):
        leaves = pending = None
        if kind == "block_defer_call":
            key, value = rest[0], self.value(rest[1], scope)
            item = lambda _: self.print(key, value)     # noqa: E731
        else:
            item = self.closure(*rest, dict(scope), frame)
        try:
            self.statements(body, i, scope, frame)
        except Panic as p:
            pending = p
        except Leaves as way:
            leaves = way
        pending = self.run([item], pending)
        if pending is not None or leaves is not None:
            raise pending or leaves

    def cleanup(self, v, value, body, i, scope, frame):
        cell = scope[v] = Cell(self.value(value, scope))
        try:
            self.statements(body, i, scope, frame)
        except (Panic, Leaves):
            self.out.append(f"c {cell.value}")
            raise
        self.out.append(f"c {cell.value}")

    def closure(self, key, body, scope, frame):
        def run(by):
            inner = Frame(frame.result, by, True)
            pending = None
            try:
                self.block([("say", key, (None, 0))] + body, scope, inner)
            except Panic as p:
                pending = p
            pending = self.run(inner.deferred, pending)
            if pending is not None:
                raise pending
        return run

    def call(self, number, n, by=None):
        named, body = self.functions[number]
        frame = Frame(Cell(0), by, False)
        scope = {"n": Cell(n), "r": frame.result}
        pending = None
        try:
            self.block(body, scope, frame)
        except Leaves:
            pass
        except Panic as p:
            pending = p
            if not named:
                frame.result.value = 0
        pending = self.run(frame.deferred, pending)
        if pending is not None:
            raise pending
        return frame.result.value

    def do_say(self, key, value, scope, _):
        self.print(key, self.value(value, scope))

    def do_declare(self, v, value, _, scope, __):
        scope[v] = Cell(self.value(value, scope))

    def do_assign(self, v, value, scope, _):
        scope[v].value = wrapped(self.value(value, scope) + 1)

    def do_defer_call(self, key, a, b, scope, frame):
        words = key, self.value(a, scope), self.value(b, scope)
        frame.deferred.append(lambda _: self.print(*words))

    def do_defer_recover(self, key, how, _, frame):
        def recover(by):
            # Go: `defer recover()` ends the panic that runs the block around it.
            if frame.is_block and by is None and frame.by is not None:
                frame.by.recovered = True
        frame.deferred.append(recover if how == "recover" else
                              lambda by: self.show(key, by if how == "recovers" else None))

    def do_defer_function(self, number, value, scope, frame):
        n = self.value(value, scope)
        frame.deferred.append(lambda by: self.call(number, n, by))

    def do_defer_block(self, key, body, scope, frame):
        frame.deferred.append(self.closure(key, body, dict(scope), frame))

    def do_if_else(self, odds, then, otherwise, scope, frame):
        self.block(then if self.coin(odds) == 0 else otherwise, scope, frame)

    def round(self, body, scope, frame):
        """One round of a loop: whether it goes on."""
        try:
            self.block(body, scope, frame)
        except Leaves as leaves:
            if leaves.way == "return":
                raise
            return leaves.way == "continue"
        return True

    def do_for_loop(self, v, rounds, body, scope, frame):
        cell = Cell(0)
        while cell.value < rounds and self.round(body, {**scope, v: cell}, frame):
            cell.value += 1

    def do_while_loop(self, v, rounds, body, scope, frame):
        cell = Cell(rounds)
        while True:
            cell.value -= 1
            if cell.value < 0 or not self.round(body, {**scope, v: cell}, frame):
                return

    def do_goto_loop(self, _, rounds, body, scope, frame):
        for _ in range(rounds + 1):
            self.block(body, scope, frame)

    def do_switch(self, cases, through, scope, frame):
        first = self.coin(len(cases) + 1)
        try:
            for body in cases[first:] if through else cases[first:first + 1]:
                self.block(body, scope, frame)
        except Leaves as leaves:
            if leaves.way != "break":
                raise

    def do_braces(self, body, scope, frame):
        self.block(body, scope, frame)

    def do_expression(self, key, body, value, scope, frame):
        given = Cell(0)
        self.block(body + [("is", value, given)], scope, frame)
        self.print(key, given.value)

    def do_is(self, value, given, scope, _):
        given.value = self.value(value, scope)

    def do_return(self, value, scope, frame):
        frame.result.value = self.value(value, scope)
        raise Leaves("return")

    def do_break(self, _, __):
        raise Leaves("break")

    def do_continue(self, _, __):
        raise Leaves("continue")

    def do_panic(self, value, scope, _):
        raise Panic(self.value(value, scope))

    def do_call(self, key, number, value, scope, _):
        self.print(key, self.call(number, self.value(value, scope)))

    def do_recover(self, key, here, _, frame):
        self.show(key, frame.by if here else None)

    def program(self):
        try:
            for i in range(2 * len(self.functions)):
                panic = None
                try:
                    self.print(-2, self.call(i // 2, i // 2 + 3))
                except Panic as p:
                    panic = p
                self.show(-1, panic)
        except Enough:
            pass
        return self.out


def difference(have, want):
    at = next((i for i, (a, b) in enumerate(zip(have, want)) if a != b), min(len(have), len(want)))
    return f"line {at + 1}: have {have[at:at + 3]}, want {want[at:at + 3]}"


def trouble(goatcc, options, text, want, directory):
    """What is wrong with the program TEXT under these options, or None."""
    source, program = os.path.join(directory, "p.c"), os.path.join(directory, "p")
    with open(source, "w", encoding="ascii") as f:
        f.write(text)
    made = subprocess.run([*goatcc, "-w", *options, source, "-o", program], capture_output=True,
                          text=True, check=False)
    if made.returncode != 0:
        return "does not compile: " + made.stderr.strip()[:500]
    ran = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False)
    have = ran.stdout.splitlines()
    if have != want:
        return difference(have, want)
    return f"exit status {ran.returncode}: {ran.stderr[:200]}" if ran.returncode else None


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--goatcc", required=True)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("TEST_SEED", "1")))
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--options", default="-O0,-O2")
    args = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as directory:
        for seed in range(args.seed, args.seed + args.count):
            generator = Generator(seed)
            functions = generator.program()
            text = Writer(generator.array).program(functions, seed)
            want = Model(functions, seed).program()
            for options in args.options.split(","):
                wrong = trouble(args.goatcc.split(), options.split(), text, want, directory)
                if wrong:
                    print(f"FAIL TEST_SEED={seed} {options}: {wrong}")
                failed += bool(wrong)
                passed += not wrong
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())

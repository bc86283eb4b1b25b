#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what the language's features cost, in nanoseconds, beside Go.

A benchmark is a program in C, tests/bench/NAME.c, and one in Go, tests/bench/go/NAME.go, that print
lines `ROW NANOSECONDS` (row.h, row.go). They take turns, and the median of each row counts. A peer
is a program in plain C, compiled by gcc, that prints some of the same rows.

To add one: its files, and a line in BENCHMARKS. Only prints numbers: a program that does not
compile, or fails, is named, and its rows are left out.
"""
import collections
import os
import re
import shutil
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import testlib  # noqa: E402

Benchmark = collections.namedtuple("Benchmark", "name peer peer_name", defaults=(None, None))
BENCHMARKS = (
    Benchmark("defer"),
    Benchmark("panic"),
    Benchmark("icall", "icall_table", "C table"),
    Benchmark("assert"),
    Benchmark("convert"),
)

# Below that many nanoseconds there is only noise, and a ratio says nothing.
NOISE = 0.1


class Side:
    """One program of a benchmark: builds it, and collects what it prints."""

    def __init__(self, what, command, exe):
        self.what, self.command, self.exe = what, command, exe
        self.times = collections.defaultdict(list)
        self.trouble = None

    def build(self, env=None):
        told = testlib.run(self.command, timeout=300, env=env)
        if told.status != 0:
            wrong = [line for line in told.err.splitlines() if re.search(r"error|sorry|\.go:", line)]
            self.trouble = f"does not compile: {(wrong or ['no message'])[0].strip()}"

    def measure(self):
        if self.trouble:
            return
        told = testlib.run([self.exe], timeout=60)
        if told.status != 0:
            said = told.err.strip().splitlines() or [""]
            self.trouble = f"fails: {testlib.how(told)} {said[0]}"
        for line in told.out.decode().splitlines():
            name, nanoseconds = line.split()
            self.times[name].append(float(nanoseconds))

    def median(self, name):
        return statistics.median(self.times[name]) if name in self.times else None


def sides_of(benchmark, args, where):
    """Ours, Go's and the peer, the last two or one of them None."""
    exe = os.path.join(where, benchmark.name)
    source = os.path.join(HERE, benchmark.name)
    ours = Side(f"{benchmark.name}.c",
                [args.goatcc, "-O2", "-w", source + ".c", "-o", exe], exe)
    go = peer = None
    if args.go:
        sources = [os.path.join(HERE, "go", f) for f in (benchmark.name + ".go", "row.go")]
        go = Side(f"{benchmark.name}.go", [args.go, "build", "-o", exe + ".go", *sources], exe + ".go")
    if benchmark.peer:
        source = os.path.join(HERE, benchmark.peer)
        peer = Side(f"{benchmark.peer}.c",
                    [args.gcc, "-std=gnu11", "-O2", "-w", source + ".c", "-o", exe + ".peer"],
                    exe + ".peer")
    return ours, go, peer


def number(value):
    return "-" if value is None else f"{value:.2f}"


def ratio(ours, other):
    if ours is None or other is None or other < NOISE:
        return "-"
    return f"{ours / other:.2f}"


def print_line(*cells):
    print("{:<28} {:>9} {:>9} {:>7}".format(*cells), flush=True)


def print_rows(benchmark, ours, go, peer, wanted):
    names = dict.fromkeys(name for side in (ours, go, peer) if side for name in side.times)
    for name in filter(wanted, names):
        mine, theirs = ours.median(name), go and go.median(name)
        print_line(name, number(mine), number(theirs), ratio(mine, theirs))
        if peer and name in peer.times:
            theirs = peer.median(name)
            print_line(f"{name} ({benchmark.peer_name})", number(mine), number(theirs),
                       ratio(mine, theirs))


def run_benchmark(benchmark, args, where, wanted):
    ours, go, peer = sides_of(benchmark, args, where)
    sides = [side for side in (ours, go, peer) if side]
    for side in sides:
        side.build(args.go_env if side is go else None)
    for _ in range(args.runs):
        for side in sides:
            side.measure()
    print_rows(benchmark, ours, go, peer, wanted)
    for side in sides:
        if side.trouble:
            print(f"    {side.what} {side.trouble}", flush=True)


def go_version(go):
    told = testlib.run([go, "version"])
    return told.out.decode().split()[2] if told.status == 0 else None


def parse():
    parser = testlib.Parser(description=__doc__.split("\n", 1)[0])
    testlib.add_compiler_options(parser)
    parser.add_argument("--runs", type=int, default=5, metavar="N",
                        help="how often each program runs (default: %(default)s)")
    parser.add_argument("--only", default="", metavar="REGEX",
                        help="only rows whose name, or whose program's, matches")
    parser.add_argument("--go", metavar="PROG", default=os.environ.get("GO", "go"),
                        help="Go's command, or '' for none (default: $GO or go)")
    args = parser.parse_args()
    testlib.find_compilers(args)
    return args


def find_go(args, where):
    """Without Go its column is empty. It is kept off the network."""
    args.go_env = dict(os.environ, GOFLAGS="-mod=mod", GOPROXY="off", GOTOOLCHAIN="local",
                       GO111MODULE="off", GOCACHE=os.path.join(where, "..", "go-cache"))
    args.go = args.go and shutil.which(args.go)
    version = args.go and go_version(args.go)
    if not version:
        args.go = None
    return version or "no Go"


def main():
    args = parse()
    work = testlib.work_dir(args, "bench")
    where = testlib.scratch(work)
    version = find_go(args, where)
    print(f"# nanoseconds, median of {args.runs} interleaved runs; {version}")
    print_line("name", "ours", "go", "ratio")
    for benchmark in BENCHMARKS:
        of_program = re.search(args.only, benchmark.name)
        source = "".join(open(os.path.join(HERE, benchmark.name + ".c"), encoding="utf-8"))
        rows = re.findall(r'row\w*\("(\w+)"', source)
        if of_program or any(re.search(args.only, r) for r in rows):
            run_benchmark(benchmark, args, where,
                          lambda name: of_program or re.search(args.only, name))


if __name__ == "__main__":
    main()

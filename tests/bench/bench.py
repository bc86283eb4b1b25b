#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what the language's features cost, in nanoseconds, beside Go and what C has.

A benchmark is a program in C, tests/bench/NAME.c, and one in Go, tests/bench/go/NAME.go, that print
lines `ROW NUMBER` (row.h, row.go). A peer is a program in plain C or C++ that prints some of the
same rows. All of them take turns, and the median of each row counts. A line of the table is a row
and one peer: name, ours, the peer's, the ratio, who it is.

To add one: its files, and a line in BENCHMARKS. Only prints numbers: a program that does not
compile, or fails, is named, and its rows are left out; so is a peer that is not installed.
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

# PACKAGES are pkg-config's names; HEADER says whether the peer is installed, as Debian's DEBIAN.
Peer = collections.namedtuple("Peer", "source name header debian packages",
                              defaults=(None, None, ()))
Benchmark = collections.namedtuple("Benchmark", "name peers", defaults=((),))
BENCHMARKS = (
    Benchmark("alloc"),
    Benchmark("defer"),
    Benchmark("panic"),
    Benchmark("icall", (Peer("icall_table.c", "C table"),)),
    Benchmark("assert"),
    Benchmark("convert"),
    Benchmark("keys"),
    Benchmark("maps", (
        Peer("maps_khash.c", "khash", "htslib/khash.h", "libhts-dev"),
        Peer("maps_uthash.c", "uthash", "uthash.h", "uthash-dev"),
        Peer("maps_glib.c", "GLib", "glib.h", "libglib2.0-dev", ("glib-2.0",)),
        Peer("maps_absl.cc", "absl", "absl/container/flat_hash_map.h", "libabsl-dev",
             ("absl_flat_hash_map",)),
    )),
    Benchmark("parked"),
    Benchmark("sched"),
    Benchmark("slices", (Peer("slices_c.c", "C"),)),
    Benchmark("timers"),
)
OTHER_GO = "/usr/lib/go-1.19/bin/go"    # Debian's: the classic map

# Below that many nanoseconds there is only noise, and a ratio says nothing.
NOISE = 0.1


class Side:
    """One program of a benchmark: builds it, and collects what it prints."""

    def __init__(self, what, name, command, exe, env=None):
        self.what, self.name, self.command, self.exe, self.env = what, name, command, exe, env
        self.times = collections.defaultdict(list)
        self.trouble = None

    def build(self):
        if self.trouble:
            return
        told = testlib.run(self.command, timeout=300, env=self.env)
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


def ours_of(benchmark, args, where):
    exe = os.path.join(where, benchmark.name)
    source = os.path.join(HERE, benchmark.name + ".c")
    return Side(benchmark.name + ".c", "ours", [args.goatcc, "-O2", "-w", source, "-o", exe], exe)


def go_side(benchmark, go, where):
    exe = os.path.join(where, f"{benchmark.name}.{go.name}")
    sources = [os.path.join(HERE, "go", f) for f in (benchmark.name + ".go", "row.go")]
    return Side(f"{benchmark.name}.go with {go.name}", go.name,
                [go.command, "build", "-o", exe, *sources], exe, go.env)


def flags_of(peer):
    """What pkg-config says of its packages."""
    if not peer.packages:
        return []
    told = testlib.run(["pkg-config", "--cflags", "--libs", *peer.packages])
    return told.out.decode().split() if told.status == 0 else []


def peer_side(peer, args, where):
    exe = os.path.join(where, peer.source + ".peer")
    compiler = [args.gcc, "-std=gnu11"]
    if peer.source.endswith(".cc"):
        compiler = [args.gcc.replace("gcc", "g++"), "-std=c++17"]
    flags = flags_of(peer)
    side = Side(peer.source, peer.name,
                [*compiler, "-O2", "-w", os.path.join(HERE, peer.source), "-o", exe, *flags], exe)
    if peer.header and not has_header(compiler, peer.header, flags, where):
        side.trouble = f"is left out: Debian package {peer.debian}"
    return side


def has_header(compiler, header, flags, where):
    probe = os.path.join(where, "probe" + (".cc" if "c++17" in compiler[-1] else ".c"))
    with open(probe, "w", encoding="utf-8") as out:
        out.write(f"#include <{header}>\n")
    return testlib.run([*compiler, *flags, "-w", "-fsyntax-only", probe]).status == 0


def number(value):
    return "-" if value is None else f"{value:.2f}"


def ratio(ours, other):
    if ours is None or other is None or other < NOISE:
        return "-"
    return f"{ours / other:.2f}"


def print_line(*cells):
    print("{:<28} {:>12} {:>12} {:>7}  {}".format(*cells).rstrip(), flush=True)


def print_rows(ours, peers, wanted):
    names = dict.fromkeys(name for side in (ours, *peers) for name in side.times)
    for name in filter(wanted, names):
        mine = ours.median(name)
        those = [peer for peer in peers if name in peer.times]
        for peer in those:
            theirs = peer.median(name)
            print_line(name, number(mine), number(theirs), ratio(mine, theirs), peer.name)
        if not those:
            print_line(name, number(mine), "-", "-", "")


def run_benchmark(benchmark, args, where, wanted):
    ours = ours_of(benchmark, args, where)
    peers = [go_side(benchmark, go, where) for go in args.gos]
    peers += [peer_side(peer, args, where) for peer in benchmark.peers]
    for side in (ours, *peers):
        side.build()
    for _ in range(args.runs):
        for side in (ours, *peers):
            side.measure()
    print_rows(ours, peers, wanted)
    for side in (ours, *peers):
        if side.trouble:
            print(f"    {side.what} {side.trouble}", flush=True)


def rows_of(benchmark):
    """The names of its rows, from the sources."""
    sources = [benchmark.name + ".c", benchmark.name + ".h"]
    text = "".join(open(os.path.join(HERE, s), encoding="utf-8").read()
                   for s in sources if os.path.exists(os.path.join(HERE, s)))
    return re.findall(r'(?:row\w*\(|, )"(\w+)"', text)


def go_version(go):
    told = testlib.run([go, "version"])
    return told.out.decode().split()[2] if told.status == 0 else None


def parse():
    parser = testlib.Parser(description=__doc__.split("\n", 1)[0])
    testlib.add_compiler_options(parser)
    parser.add_argument("--runs", type=int, default=5, metavar="N",
                        help="how often each program runs (default: %(default)s)")
    parser.add_argument("--cpu", action="store_true",
                        help="the processes' own time, where others use the machine too")
    parser.add_argument("--only", default="", metavar="REGEX",
                        help="only rows whose name, or whose program's, matches")
    parser.add_argument("--go", metavar="PROG", action="append",
                        help="Go's command, also several times, or '' for none "
                             f"(default: $GO, or go and {OTHER_GO})")
    args = parser.parse_args()
    testlib.find_compilers(args)
    if args.cpu:
        os.environ["ROW_CPU"] = "1"
    return args


Go = collections.namedtuple("Go", "name command env")


def find_gos(args, where):
    """Those that are installed. They are kept off the network."""
    default = [os.environ["GO"]] if "GO" in os.environ else ["go", OTHER_GO]
    for command in default if args.go is None else args.go:
        path = command and shutil.which(command)
        version = path and go_version(path)
        if version and all(go.name != version for go in args.gos):
            cache = os.path.join(where, "..", "go-cache", version)
            env = dict(os.environ, GOFLAGS="-mod=mod", GOPROXY="off", GOTOOLCHAIN="local",
                       GO111MODULE="off", GOCACHE=cache)
            args.gos.append(Go(version, path, env))


def main():
    args = parse()
    work = testlib.work_dir(args, "bench")
    where = testlib.scratch(work)
    args.gos = []
    find_gos(args, where)
    print(f"# nanoseconds{' of the processors' if args.cpu else ''}, or bytes, "
          f"median of {args.runs} interleaved runs")
    print_line("name", "ours", "peer", "ratio", "")
    for benchmark in BENCHMARKS:
        of_program = re.search(args.only, benchmark.name)
        if of_program or any(re.search(args.only, r) for r in rows_of(benchmark)):
            run_benchmark(benchmark, args, where,
                          lambda name: of_program or re.search(args.only, name))


if __name__ == "__main__":
    main()

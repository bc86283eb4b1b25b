#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
#
# compile.py: what goatcc costs at compile time, as a ratio to plain gcc -O2.
#
# The files are those of the programs in ../realprograms.py, each compiled by the command that its
# build used. A run compiles every file by every variant, one variant after the other file by file,
# so that whatever else the machine does falls on all of them. What counts is CPU time, user and
# system, of all processes: the wrapper, gcc, cc1 and the assembler.
#
# Variants: goatcc as it is; with -fgoat-heap2stack; with -fgoat-m, the report thrown away; and
# the gcc command that goatcc runs, without the wrapper's own start.
#
# Prints numbers, and never fails for one.

import os
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import realprograms     # noqa: E402  (found through the line above)
import testlib          # noqa: E402


def variants(args):
    """Name -> compiler as a list; plain gcc first."""
    found = {
        "gcc": [args.gcc],
        "goatcc": [args.goatcc],
        "heap2stack": [args.goatcc, "-fgoat-heap2stack"],
        "m": [args.goatcc, "-fgoat-m"],
    }
    direct = testlib.shown(args.goatcc, [])
    if len(direct) > 1:
        found["no-wrapper"] = direct
    return found


def compile_once(one, compiler, output):
    """The CPU seconds of one compilation."""
    before = realprograms.cpu_seconds()
    done = subprocess.run(one.argv(compiler, output), cwd=one.directory, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        testlib.die(f"{one.source} does not compile: {testlib.command_text(one.argv(compiler, output))}", 1)
    return realprograms.cpu_seconds() - before


def measure(compilations, compilers, runs, scratch):
    """Name -> list of each run's CPU seconds over all files. A first run only warms the caches."""
    output = os.path.join(scratch, "out.o")
    seconds = {name: [] for name in compilers}
    order = list(compilers)
    for number in range(runs + 1):
        total = dict.fromkeys(compilers, 0.0)
        for one in compilations:
            for name in order:
                total[name] += compile_once(one, compilers[name], output)
            order = order[1:] + order[:1]       # nobody is always first
        if number:
            for name in compilers:
                seconds[name].append(total[name])
    return seconds


def files_of(project, args, work):
    """The recorded compilations of a project, built now if it was not."""
    build = realprograms.Build(project, "gcc", [args.gcc], work, args.jobs)
    if not build.is_made():
        try:
            build.make()
        except realprograms.StepFailed as failure:
            print(f"{failure.args[0]}: left out\n{failure.args[1]}", flush=True)
            return []
    return build.compilations()


def parse_args():
    parser = realprograms.option_parser("Measure compile time as a ratio to plain gcc -O2.")
    parser.add_argument("--runs", type=int, default=5, help="how many runs (default: %(default)s)")
    args = parser.parse_args()
    if args.runs < 1:
        parser.error("--runs must be at least 1")
    testlib.find_compilers(args)
    return args


def main():
    args = parse_args()
    work = testlib.work_dir(args, "realworld")
    scratch = testlib.scratch(work)
    compilers = variants(args)
    ratios = {name: [] for name in compilers if name != "gcc"}
    print(f"{'name':24} {'ours':>8} {'gcc':>8} {'ratio':>6}")
    for project in realprograms.chosen(args.project):
        missing = realprograms.lacks(project)
        if missing:
            print(f"{project.name}: left out: install the Debian package {missing}", flush=True)
            continue
        compilations = files_of(project, args, work)
        if not compilations:
            continue
        seconds = measure(compilations, compilers, args.runs, scratch)
        plain = statistics.median(seconds["gcc"])
        for name in ratios:
            ours = statistics.median(seconds[name])
            ratios[name].append(ours / plain)
            print(f"{project.name + ' ' + name:24} {ours:8.3f} {plain:8.3f} {ours / plain:6.3f}", flush=True)
    if not any(ratios.values()):
        testlib.skip("none of the programs can be built here")
    for name, found in ratios.items():
        print(f"median ratio of {name}: {statistics.median(found):.3f} over {len(found)} programs")
    return 0


if __name__ == "__main__":
    sys.exit(main())

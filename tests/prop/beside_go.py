# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scripts share that build a random program in C and in Go and compare what the two do."""
import argparse
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, **options)


def build(args, keep, seed, level, flags, texts):
    """KEEP/c.out and KEEP/go.out of the program, in C and in Go; whether goatcc compiles it."""
    for suffix, text in zip(("c", "go"), texts):
        with open(f"{keep}/d.{suffix}", "w", encoding="utf-8") as f:
            f.write(text)
    done = run([args.go, "build", "-o", f"{keep}/go.out", f"{keep}/d.go"], cwd=keep)
    if done.returncode:
        sys.exit(f"seed {seed}: Go does not compile it:\n{done.stderr[:1000]}")
    done = run(args.goatcc + [f"-{level}", "-w"] + flags + [f"{keep}/d.c", "-o", f"{keep}/c.out"])
    if done.returncode:
        print(f"seed {seed} {level}: goatcc fails:\n{done.stderr[-1500:]}")
    return done.returncode == 0


def main(doc, compare, count, options=()):
    """Calls compare(args, rng, seed, keep, level), which gives how many cases of COUNT are wrong."""
    parser = argparse.ArgumentParser(description=doc.split("\n", maxsplit=1)[0])
    parser.add_argument("--goatcc", required=True)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("TEST_SEED", "1")))
    parser.add_argument("--rounds", type=int, default=1, help="how many programs, by seeds in sequence")
    parser.add_argument("--count", type=int, default=count, help="cases in a program")
    parser.add_argument("--levels", default="O2,O0")
    parser.add_argument("--keep", help="directory for the programs")
    for name, default, text in options:
        parser.add_argument(name, default=default, help=text)
    args = parser.parse_args()
    args.goatcc = shlex.split(args.goatcc)
    args.go = shutil.which("go")
    if not args.go:
        print("no Go compiler here")
        return 77
    wrong = total = 0
    with tempfile.TemporaryDirectory() as scratch:
        keep = args.keep or scratch
        os.makedirs(keep, exist_ok=True)
        for seed in range(args.seed, args.seed + args.rounds):
            for level in args.levels.split(","):
                wrong += min(compare(args, random.Random(seed), seed, keep, level), args.count)
                total += args.count
    print(f"{total - wrong} passed, {wrong} failed")
    return wrong > 0

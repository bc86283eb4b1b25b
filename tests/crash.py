#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that must die: their last words, and what of.

A program of tests/crash, NAME.c, is run once for each case in NAME.txt, with the case's name as its
argument. A case there begins with a line `== CASE: exit 2`, or `== CASE: SIGSEGV`; what follows is
what standard output and standard error must have between them. Numbers in hexadecimal are not
compared, nor are directories of source files and offsets in functions. A line `...` stands for any
lines, none too. Each program runs at several levels of optimisation.
"""
import os
import re
import signal
import sys
import tempfile

import testlib

LEVELS = ("-O0", "-O2", "-O3")
HERE = os.path.dirname(os.path.abspath(__file__))
GOATCC = os.environ.get("GOATCC", os.path.join(testlib.ROOT, "build", "goatcc"))


def cases(path):
    """The cases of a file: name, end, lines."""
    found = []
    for line in open(path, encoding="utf-8").read().splitlines():
        head = re.fullmatch(r"== (\w+): (?:exit (\d+)|(SIG\w+))", line)
        if head:
            end = int(head[2]) if head[2] else -getattr(signal, head[3])
            found.append((head[1], end, []))
        elif found:
            found[-1][2].append(line)
    return found


def comparable(text):
    """Without what differs from run to run."""
    text = re.sub(r" \+0x[0-9a-f]+$", "", text, flags=re.M)
    text = re.sub(r"0x[0-9a-f]+", "0x?", text)
    text = re.sub(r"^\t\S*/(\w+\.c:\d+)", r"\t\1", text, flags=re.M)
    return text.splitlines()


def matches(want, have):
    """Whether the lines are the wanted ones."""
    if not want:
        return not have
    if want[0] == "...":
        return any(matches(want[1:], have[i:]) for i in range(len(have) + 1))
    return bool(have) and want[0] == have[0] and matches(want[1:], have[1:])


def check(exe, case, end, want):
    """What is wrong with a case, or None."""
    told = testlib.run([exe, case], timeout=30)
    have = comparable(told.out.decode("utf-8", "replace") + told.err)
    while want and want[-1] == "":
        want.pop()
    if told.status != end:
        return testlib.how(told) + "\n" + "\n".join(have)
    if not matches(want, have):
        return "\n".join(have)
    return None


def main():
    """Runs all, and prints the tally."""
    passed = failed = 0
    testlib.quiet_crashes()
    testlib.same_c_locale()
    wanted = sys.argv[1:] or sorted(f[:-2] for f in os.listdir(os.path.join(HERE, "crash"))
                                    if f.endswith(".c"))
    with tempfile.TemporaryDirectory() as scratch:
        for name in wanted:
            stem = os.path.join(HERE, "crash", name)
            for level in LEVELS:
                exe = os.path.join(scratch, name)
                built = testlib.run([GOATCC, "-g", level, stem + ".c", "-o", exe])
                if built.status != 0:
                    print(f"not ok {name} {level} does not compile\n{built.err}")
                    failed += 1
                    continue
                for case, end, want in cases(stem + ".txt"):
                    wrong = check(exe, case, end, want)
                    if wrong is None:
                        passed += 1
                        print(f"ok {name} {case} {level}")
                    else:
                        failed += 1
                        print(f"not ok {name} {case} {level}")
                        print("".join(f"    # {line}\n" for line in wrong.splitlines()[:40]), end="")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()

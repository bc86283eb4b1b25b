#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rewrites the ERROR comments of golden programs to the diagnostics they get.

usage: golden.py --goatcc PATH FILE...
"""
import argparse
import os
import re
import shlex
import subprocess

DIAGNOSTIC = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+):\d+: (?:note|error|warning): (?P<text>.*)$")


def pattern(text):
    """A regex for TEXT, which may end in the position of a step."""
    step = re.sub(r" at \S+:\d+:\d+$", " at ", re.sub(r" \[-W[^\]]*\]$", "", text))
    regex = "^" + re.sub(r"([][(){}.*+?|^$\\])", r"\\\1", step) + ("" if step != text else "$")
    return '"' + regex.replace('"', '\\"') + '"'


def diagnostics(cc, path):
    """The patterns of each line, each once."""
    flags = open(path, encoding="utf-8").readline().split()[2:]
    command = cc + ["-fno-diagnostics-show-caret", "-c", path, "-o", os.devnull] + flags
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"))
    lines = {}
    for line in done.stderr.splitlines():
        found = DIAGNOSTIC.match(line)
        if (found and os.path.basename(found["file"]) == os.path.basename(path) and
                not found["text"].startswith("declared here")):       # nor does the runner
            lines.setdefault(int(found["line"]), dict())[pattern(found["text"])] = True
    return lines


def rewrite(cc, path):
    wanted = diagnostics(cc, path)
    lines = []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = re.sub(r"\s*// ERROR\+? .*", "", line.rstrip("\n"))
        if number in wanted:
            line += " // ERROR " + " ".join(wanted[number])
        lines.append(line + "\n")
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--goatcc", default="goatcc")
    parser.add_argument("paths", nargs="+")
    args = parser.parse_args()
    for path in args.paths:
        rewrite(shlex.split(args.goatcc), path)


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# heap.py: what goes to the heap and why, from the JSON report.
#
#	goatcc -fgoat-json=report.json -c loops.c
#	python3 heap.py report.json
#
# The report has one decision a line, each a JSON object:
#
#	file, line, column    where the thing decided stands
#	function              the function that it is in
#	kind                  moved (a variable), heap or stack (an object), leak or noescape (a
#	                      parameter), notice
#	object                the thing, as the source spells it
#	text                  the line of -fgoat-m
#	action                what was done: heap or frame; absent where nothing was
#	flow                  the lines of -fgoat-m=2 that explain it, as a list

import collections
import json
import sys


def outlives(decision):
    """What keeps the thing: the destination of the last `flow: DESTINATION = SOURCE:`."""
    flows = [line for line in decision["flow"] if line.startswith("  flow: ")]
    return flows[-1][len("  flow: "):].split(" = ")[0] if flows else "?"


def main():
    kinds = collections.Counter()
    with open(sys.argv[1], encoding="utf-8") as report:
        for line in report:
            d = json.loads(line)
            kinds[d["kind"]] += 1
            if d["kind"] in ("moved", "heap"):
                print(f"{d['file']}:{d['line']}: {d['function']}: {d['object']}, "
                      f"kept by {outlives(d)}")
    print(", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
#
# realworld.py: real C programs built by `goatcc -fgoat-heap2stack` pass their own tests.
#
# Each program of realprograms.py is built by plain gcc and by goatcc, both -O2, and its own test
# suite run for both. A program whose suite fails under plain gcc is left out. Then its files are
# compiled once more for the report, to count verdicts, and the objects' calls of allocators are
# counted for both: what is missing in ours has moved to the frame.

import collections
import os
import sys

import realprograms
import testlib

GOAT_FLAGS = ["-fgoat-heap2stack"]


def survey(build, args, scratch):
    """Count verdicts over the project's files, and calls of allocators under both compilers."""
    notes, objects = collections.Counter(), {"gcc": [], "goatcc": []}
    for number, one in enumerate(build.compilations()):
        for name, compiler in (("gcc", [args.gcc]), ("goatcc", [args.goatcc, "-fgoat-m"] + GOAT_FLAGS)):
            output = os.path.join(scratch, f"{name}{number}.o")
            done = one.again(compiler, output)
            if done.status != 0:
                raise realprograms.StepFailed(f"{one.source}: {name} fails the second time", done.err[-3000:])
            objects[name].append(output)
            if name == "goatcc":
                notes.update(testlib.count_notes(done.err))
    calls = {name: realprograms.allocation_calls(files) for name, files in objects.items()}
    for path in objects["gcc"] + objects["goatcc"]:
        os.unlink(path)
    return len(objects["gcc"]), notes, calls


def compare(project, args, work, scratch):
    """Build and test one project both ways, print what there is to say; True, False, or None if left out."""
    plain = realprograms.Build(project, "gcc", [args.gcc], work, args.jobs)
    ours = realprograms.Build(project, "goatcc", [args.goatcc] + GOAT_FLAGS, work, args.jobs)
    try:
        plain.make()
        expected = plain.check()
    except realprograms.StepFailed as failure:
        print(f"{failure.args[0]} under plain gcc: left out\n{failure.args[1]}", flush=True)
        return None
    try:
        ours.make()
        got = ours.check()
        files, notes, calls = survey(ours, args, scratch)
    except realprograms.StepFailed as failure:
        print(f"FAIL {failure.args[0]}\n{failure.args[1]}", flush=True)
        return False
    if got != expected:
        print(f"FAIL {project.name}: its tests say '{got}', under plain gcc '{expected}'", flush=True)
        return False
    print(f"{project.name}: tests pass ({got})\n"
          f"  {testlib.notes_text(notes)}\n"
          f"  calls of malloc and the like in the objects of {files} files: {calls['gcc']} under gcc, "
          f"{calls['goatcc']} under goatcc: {calls['gcc'] - calls['goatcc']} moved\n"
          f"  build: {ours.seconds:.1f} s, under gcc {plain.seconds:.1f} s, "
          f"ratio {ours.seconds / plain.seconds:.3f}", flush=True)
    return True


def main():
    args = realprograms.option_parser(
        "Build real C programs by goatcc and by plain gcc and run their own tests.").parse_args()
    testlib.find_compilers(args)
    work = testlib.work_dir(args, "realworld")
    scratch = testlib.scratch(work)
    results = []
    for project in realprograms.chosen(args.project):
        missing = realprograms.lacks(project)
        if missing:
            print(f"{project.name}: left out: install the Debian package {missing}", flush=True)
        else:
            results.append(compare(project, args, work, scratch))
    if True not in results and False not in results:
        testlib.skip("none of the programs can be built here")
    print(f"{results.count(True)} passed, {results.count(False)} failed", flush=True)
    return 1 if False in results else 0


if __name__ == "__main__":
    sys.exit(main())

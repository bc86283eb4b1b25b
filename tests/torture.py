#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
#
# torture.py: gcc's own torture suite under goatcc.
#
# Each program is built by plain gcc and by `goatcc -fgoat-m -fgoat-heap2stack` with the same
# options. Plain gcc is the judge of what can be asked: what it cannot compile, or what its program
# cannot do twice alike, is left out. For the rest goatcc must not break, must compile it, and the
# program must end and print as plain gcc's does. A program that plain gcc refuses is given to goatcc
# all the same, since a plugin that breaks on wrong programs is broken.
#
# Directives: dg-options, dg-additional-options and dg-do are followed, additional_flags of the .x
# files too. Those that leave programs out (dg-require-*, dg-skip-if, dg-xfail-if) are not needed:
# what they leave out fails under plain gcc, or works.
#
# Plain gcc's results are kept in the work directory, since they take half of the time.

import fnmatch
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile

import testlib
from testlib import Outcome

GOAT_FLAGS = "-fgoat-m -fgoat-heap2stack"
# With --annotated: what makes goat act on locals, and for plain gcc the headers that it brings, so
# that a program which declares their names otherwise is left out.
ANNOTATED = ["-include", "goat.h", "-DGOAT_NO_KEYWORDS"]
HEADERS = [word for h in ("stdbool.h", "stddef.h", "stdint.h", "stdio.h", "string.h") for word in ("-include", h)]
PACKAGE = "gcc-12-source"
TARBALLS = "/usr/src/gcc-*/gcc-*.tar.xz"
IN_TARBALL = "gcc/testsuite/gcc.c-torture/"
RUN_LIMIT = 10                  # seconds for a program of plain gcc's
COMPILE_LIMIT = 120

# builtins.exp and ieee.exp add these.
FLAGS_OF_DIR = {
    "execute/builtins": ["-fno-tree-dse", "-fno-tree-loop-distribute-patterns", "-fno-tracer",
                         "-fno-ipa-ra", "-fno-inline-functions"],
    "execute/ieee": ["-fno-inline"],
}


# ---- the suite -----------------------------------------------------------------------------------

def newest(paths):
    return max(paths, key=lambda p: [int(n) for n in re.findall(r"\d+", p)], default=None)


def find_suite(args, work):
    """The directory that holds execute/ and compile/: given, unpacked before, or from the package."""
    if args.suite:
        if not os.path.isdir(os.path.join(args.suite, "execute")):
            testlib.skip(f"{args.suite} has no execute/: it must be a gcc.c-torture directory")
        return os.path.abspath(args.suite)
    unpacked = os.path.join(work, "suite")
    if not os.path.exists(os.path.join(unpacked, "complete")):
        tarball = newest(glob.glob(TARBALLS))
        if not tarball:
            testlib.skip(f"gcc's torture suite is not here: install the Debian package {PACKAGE}")
        unpack(tarball, unpacked)
    return unpacked


def unpack(tarball, where):
    """Take gcc.c-torture out of gcc's source."""
    print(f"unpacking the torture suite of {tarball}", flush=True)
    shutil.rmtree(where, ignore_errors=True)
    os.makedirs(where)
    with tarfile.open(tarball, "r|xz") as tar:
        for member in tar:
            _, _, inside = member.name.partition(IN_TARBALL)
            if inside and member.isfile():
                target = os.path.join(where, inside)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "wb") as f:
                    shutil.copyfileobj(tar.extractfile(member), f)
    open(os.path.join(where, "complete"), "w").close()


def programs(suite):
    """Every program of the suite by its name in it."""
    names = []
    for directory in ("execute", "execute/builtins", "execute/ieee", "compile", "unsorted"):
        found = os.listdir(os.path.join(suite, directory)) \
            if os.path.isdir(os.path.join(suite, directory)) else []
        names += [f"{directory}/{n}" for n in sorted(found)
                  if n.endswith(".c") and not n.endswith("-lib.c")]
    return names


# ---- directives ----------------------------------------------------------------------------------

def selector_holds(text, triplet):
    """Whether a target selector, `{ target { i?86-*-* x86_64-*-* } }` without its word, holds here."""
    here = {"lp64": triplet.startswith(("x86_64", "aarch64")), "pie": True, "fpic": True,
            "lra": True, "R_flag_in_section": True, "int128": True}
    expr = []
    for token in re.findall(r"&&|\|\||!|[{}]|[^\s{}!]+", text):
        if token in ("&&", "||", "!"):
            expr.append({"&&": " and ", "||": " or ", "!": " not "}[token])
            continue
        if token == "}":
            expr.append(")")
            continue
        if expr and (expr[-1] == ")" or expr[-1] in ("True", "False")):
            expr.append(" or ")         # a list of targets holds when one does
        expr.append("(" if token == "{" else
                    str(fnmatch.fnmatchcase(triplet, token.strip('"')) or here.get(token, False)))
    try:
        return bool(eval("".join(expr), {"__builtins__": {}}))
    except SyntaxError:
        return False


def directive_args(body):
    """The options in quotes or braces that open a directive's body, and its target selector."""
    m = re.match(r'\s*(?:"([^"]*)"|\{([^}]*)\}|(\S+))\s*(.*)$', body, re.S)
    options = next((g for g in m.groups()[:3] if g is not None), "")
    target = re.search(r"\{\s*target\s+(.*)\}\s*$", m.group(4), re.S)
    return options.replace('"', "").split(), target.group(1) if target else None


def directives(text, triplet):
    """The options a program asks for, and what its dg-do says (None when it has none)."""
    options, do = [], None
    for name, body in re.findall(r"\{\s*(dg-options|dg-additional-options|dg-do)\s+(.*?)\s*\}\s*(?:\*/|$)",
                                 text, re.M):
        words, target = directive_args(body)
        if target is not None and not selector_holds(target, triplet):
            continue
        if name == "dg-do":
            do = words[0]
        elif name == "dg-options":
            options = words + [o for o in options if o not in words]
        else:
            options += words
    return options, do


def x_file_flags(path):
    """`set additional_flags F` or `lappend additional_flags "F" …`, where no condition guards it."""
    try:
        with open(path, encoding="latin-1") as f:
            text = f.read()
    except OSError:
        return []
    return [flag.strip('"') for line in re.findall(r"^(?:set|lappend) additional_flags (.*)$", text, re.M)
            for flag in line.split()]


class Program:
    """One program with what it needs to be built."""

    def __init__(self, suite, name, triplet):
        self.name = name
        self.path = os.path.join(suite, name)
        directory = os.path.dirname(name)
        with open(self.path, encoding="latin-1") as f:
            text = f.read()
        self.options, do = directives(text, triplet)
        self.options += FLAGS_OF_DIR.get(directory, []) + x_file_flags(self.path[:-2] + ".x")
        self.runs = directory.startswith("execute") if do is None else do == "run"
        self.links = self.runs or do == "link"
        self.sources = [self.path]
        if directory == "execute/builtins":
            self.sources += [self.path[:-2] + "-lib.c",
                             os.path.join(suite, directory, "lib", "main.c")]
        self.digest = hashlib.sha1(text.encode("latin-1")).hexdigest()[:10]

    def command(self, compiler, flags, level, output):
        return ([compiler] + flags + [level, "-w", "-pipe"] + self.options
                + ([] if self.links else ["-c"]) + self.sources + ["-o", output]
                + (["-lm"] if self.links else []))


# ---- comparing -----------------------------------------------------------------------------------

class Torture:
    def __init__(self, args, work):
        self.args, self.work = args, work
        self.flags = args.flags.split() + (ANNOTATED if args.annotated else [])
        self.plain_flags = HEADERS if args.annotated else []
        self.scratch = testlib.scratch(work)
        self.cache = testlib.Cache(
            os.path.join(work, f"plain-{testlib.compiler_identity(args.gcc)}.json"))
        self.directory = testlib.thread_directories(self.scratch)

    def build(self, program, compiler, flags, level, output):
        return testlib.run(program.command(compiler, flags, level, output), COMPILE_LIMIT,
                           cwd=self.directory())

    def execute(self, exe, limit):
        result = testlib.run([exe], limit, cwd=self.directory())
        return result, [result.status, hashlib.sha1(result.out).hexdigest()]

    def plain(self, program, level):
        """What plain gcc makes of it: [compiled, exit status, digest of the output]."""
        exe = os.path.join(self.directory(), "plain")
        built = self.build(program, self.args.gcc, self.plain_flags, level, exe)
        if built.status != 0:
            return [False, None, None]
        if not program.runs:
            return [True, None, None]
        return [True] + self.execute(exe, RUN_LIMIT)[1]

    def compare(self, job):
        program, level = job
        name = f"{program.name} {level}"
        key = " ".join([program.name, level, program.digest] + program.options + self.plain_flags)
        plain = self.cache.get(key, lambda: self.plain(program, level))
        exe = os.path.join(self.directory(), "goat")
        built = self.build(program, self.args.goatcc, self.flags, level, exe)
        notes = testlib.count_notes(built.err)
        detail = testlib.command_text(program.command(self.args.goatcc, self.flags, level, "a.out"))
        if testlib.broken(built.err):
            return self.breaks(program, level, name, detail, built)
        if not plain[0] or (program.runs and plain[1] is None):
            return Outcome(name, "n/a")
        if built.status != 0:
            errors = [line for line in built.err.splitlines() if "error" in line or "undefined" in line]
            return Outcome(name, "fail", f"does not compile ({testlib.how(built)}): "
                           + (errors or [built.err.strip()[-200:]])[0], detail + "\n" + testlib.trouble(built.err))
        if not program.runs:
            return Outcome(name, "pass", notes=notes)
        result, got = self.execute(exe, RUN_LIMIT * 4)
        if got == plain[1:]:
            return Outcome(name, "pass", notes=notes)
        return self.differs(program, level, name, detail, key, result, got)

    def breaks(self, program, level, name, detail, built):
        """goatcc broke. That is plain gcc's fault when it breaks too."""
        plain = self.build(program, self.args.gcc, self.plain_flags, level, os.path.join(self.directory(), "plain"))
        if testlib.broken(plain.err):
            return Outcome(name, "n/a")
        return Outcome(name, "fail", testlib.broken(built.err), detail + "\n" + testlib.trouble(built.err))

    def differs(self, program, level, name, detail, key, result, got):
        """The programs differ. Ask plain gcc twice more, so that an unsteady one does not count."""
        again = [self.plain(program, level) for _ in range(2)]
        self.cache.set(key, again[0])
        if again[0] != again[1] or again[0][1] is None:
            return Outcome(name, "n/a")
        if got == again[0][1:]:
            return Outcome(name, "pass")
        reason = f"{testlib.how(result)}, under plain gcc exit status {again[0][1]}" \
            if got[0] != again[0][1] else "prints something else than under plain gcc"
        return Outcome(name, "fail", reason, f"{detail} && ./a.out\n{result.err[-2000:]}")

    def compare_assembly(self, job):
        """With --unchanged: a plain C file that is only reported on must be compiled as by gcc."""
        program, level = job
        name = f"{program.name} {level}"
        text = []
        for compiler, flags in ((self.args.gcc, []), (self.args.goatcc, self.flags)):
            argv = [compiler] + flags + [level, "-w", "-S", "-o", "-"] + program.options + [program.path]
            built = testlib.run(argv, COMPILE_LIMIT, cwd=self.directory())
            if built.status != 0 and compiler == self.args.gcc:
                return Outcome(name, "n/a")
            text.append(built.out)
        detail = testlib.command_text(argv)
        if built.status != 0:
            return Outcome(name, "fail", "does not compile", detail + "\n" + testlib.trouble(built.err))
        if text[0] != text[1]:
            return Outcome(name, "fail", "is not compiled to the same code", detail)
        return Outcome(name, "pass", notes=testlib.count_notes(built.err))


def read_skips(path):
    """Lines of torture.skip as pairs of a glob and a condition ('' for always)."""
    skips = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            words = line.partition("#")[0].split()
            if words:
                skips.append((words[0], words[1] if len(words) > 1 else ""))
    return skips


def skipped(skips, name, conditions):
    return any(fnmatch.fnmatchcase(name, pattern) and only in conditions for pattern, only in skips)


def select(args, suite):
    """The jobs: every (program, level) asked for."""
    triplet = subprocess.run([args.gcc, "-dumpmachine"], capture_output=True, text=True,
                             check=True).stdout.strip()
    skips = read_skips(os.path.join(testlib.ROOT, "tests", "torture.skip"))
    names = [n for n in programs(suite) if re.search(args.filter, n)]
    chosen = [Program(suite, n, triplet) for n in names[args.offset::args.sample]]
    return [(p, level) for level in args.opts.split() for p in chosen
            if not skipped(skips, p.name, ("", level, "annotated" if args.annotated else ""))]


def parse_args():
    parser = testlib.Parser("Run gcc's torture suite under goatcc and under plain gcc, and compare.")
    testlib.add_compiler_options(parser)
    testlib.add_job_option(parser)
    parser.add_argument("--opts", default="-O0 -O2 -O3", help="optimisation levels (default: '%(default)s')")
    parser.add_argument("--flags", default=None,
                        help=f"what goatcc is given besides (default: '{GOAT_FLAGS}')")
    parser.add_argument("--filter", metavar="REGEX", default="", help="only programs whose name matches")
    parser.add_argument("--sample", metavar="N", type=int, default=1, help="only every Nth program")
    parser.add_argument("--offset", metavar="K", type=int, default=0, help="begin with the Kth program")
    parser.add_argument("--suite", metavar="DIR",
                        help=f"a gcc.c-torture directory (default: taken from the package {PACKAGE})")
    parser.add_argument("--annotated", action="store_true",
                        help="compile with `-include goat.h`, so that locals are moved to the heap too")
    parser.add_argument("--unchanged", action="store_true",
                        help="instead: with -fgoat-m alone the assembly must be plain gcc's, to the byte")
    args = parser.parse_args()
    if args.flags is None:
        args.flags = "-fgoat-m" if args.unchanged else GOAT_FLAGS
    testlib.find_compilers(args)
    return args


def main():
    args = parse_args()
    work = testlib.work_dir(args, "torture")
    jobs = select(args, find_suite(args, work))
    if not jobs:
        testlib.die("no program has such a name")
    torture = Torture(args, work)
    work_on = torture.compare_assembly if args.unchanged else torture.compare
    print(f"{len(jobs)} programs and levels: {args.goatcc} {args.flags}", flush=True)
    return testlib.run_jobs(jobs, work_on, args, os.path.join(work, "failures.txt"))


if __name__ == "__main__":
    sys.exit(main())

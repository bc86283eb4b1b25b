#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
#
# csmith.py: random programs do the same under goatcc as under plain gcc.
#
# Three kinds of programs, one seed each:
#
#   csmith   Csmith's: pointers to locals, structs, arrays, everything but malloc. Every other one
#            is annotated by `-include goat.h`, so that locals whose address escapes really move.
#   malloc   mallocgen.py's: objects allocated, linked, shared and freed; goatcc moves some to the
#            frame. Every fourth also under AddressSanitizer, which sees a use after the frame ended.
#   new      the same with goat's new() where plain gcc has calloc, and escaping locals.
#
# Each is compiled by plain gcc -O2 and by goatcc at a level that rotates; they must print the same.
# When they do not, the program is only counted if plain gcc agrees with itself at another level and
# its sanitizers find nothing: else it is the program that is wrong.

import itertools
import os
import sys
import time

import mallocgen
import testlib
from testlib import Outcome

GOAT_FLAGS = ["-fgoat-m", "-fgoat-heap2stack"]
ANNOTATED = ["-include", "goat.h", "-DGOAT_NO_KEYWORDS"]
CSMITH_INCLUDES = ("/usr/include/csmith", "/usr/include/csmith-2.3.0", "/usr/include/csmith-2.2.0")
LEVELS = ("-O2", "-O0", "-O3", "-O1")
MALLOC_EXTRAS = ([], ["-fno-inline"], ["-g"], ["-fsanitize=address", "-g"])
SANITIZE = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover"]
COMPILE_LIMIT = 300
RUN_ENV = dict(os.environ, ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=1")


class Kind:
    """How programs of one kind are made and compiled."""

    def __init__(self, args):
        self.args = args
        self.includes = []

    def make(self, seed, path):
        """Write the program to path; False when there is none for this seed."""
        raise NotImplementedError

    def goat_flags(self, number):
        raise NotImplementedError


class Csmith(Kind):
    def __init__(self, args):
        super().__init__(args)
        self.csmith = testlib.shutil.which("csmith")
        include = next((d for d in CSMITH_INCLUDES if os.path.exists(d + "/csmith.h")), None)
        if not self.csmith or not include:
            testlib.skip("Csmith is not here: install the Debian packages csmith and libcsmith-dev")
        self.includes = ["-I" + include]

    def make(self, seed, path):
        # Csmith leaves platform.info in the current directory.
        made = testlib.run([self.csmith, "--seed", str(seed), "--output", path], 30, cwd=os.path.dirname(path))
        return made.status == 0

    def goat_flags(self, number):
        return [LEVELS[number // 2 % len(LEVELS)]] + GOAT_FLAGS + (ANNOTATED if number % 2 else [])


class Malloc(Kind):
    new = False

    def make(self, seed, path):
        with open(path, "w", encoding="ascii") as f:
            f.write(mallocgen.generate(seed, self.new))
        return True

    def goat_flags(self, number):
        return ([LEVELS[number // len(MALLOC_EXTRAS) % len(LEVELS)]] + GOAT_FLAGS
                + MALLOC_EXTRAS[number % len(MALLOC_EXTRAS)])


class New(Malloc):
    new = True

    def goat_flags(self, number):
        return [LEVELS[number % len(LEVELS)]] + GOAT_FLAGS + ["-DUSE_GOAT"]


KINDS = {"csmith": Csmith, "malloc": Malloc, "new": New}


class Comparison:
    def __init__(self, args, work):
        self.args, self.work = args, work
        self.kind = KINDS[args.kind](args)
        self.scratch = testlib.scratch(work)
        self.directory = testlib.thread_directories(self.scratch)

    def build(self, compiler, flags, source, exe):
        argv = [compiler] + flags + ["-w"] + self.kind.includes + [source, "-o", exe]
        return argv, testlib.run(argv, COMPILE_LIMIT, cwd=self.directory())

    def prints(self, compiler, flags, source, limit):
        """Compile and run; the result of whichever was last."""
        exe = os.path.join(self.directory(), "other")
        _, built = self.build(compiler, flags, source, exe)
        return built if built.status != 0 else testlib.run([exe], limit, env=RUN_ENV)

    def keep(self, source, name):
        """Save a program that fails."""
        saved = os.path.join(self.work, name + ".c")
        testlib.shutil.copy(source, saved)
        return saved

    def compare(self, number):
        seed = self.args.seed + number
        name = f"{self.args.kind}-{seed}"
        source = os.path.join(self.directory(), name + ".c")
        try:
            return self.compare_source(number, name, source)
        finally:
            if os.path.exists(source):
                os.unlink(source)

    def compare_source(self, number, name, source):
        flags = self.kind.goat_flags(number)
        if not self.kind.make(self.args.seed + number, source):
            return Outcome(name, "n/a")
        plain = self.prints(self.args.gcc, ["-O2"], source, self.args.timeout)
        if plain.status != 0:
            if self.args.kind == "csmith":
                return Outcome(name, "n/a")
            return Outcome(name, "fail", f"our own program is wrong: plain gcc: {testlib.how(plain)}",
                           f"{self.keep(source, name)}\n{plain.err}")
        if self.args.validate:
            return self.validate(name, source, plain)
        exe = os.path.join(self.directory(), "goat")
        argv, built = self.build(self.args.goatcc, flags, source, exe)
        notes = testlib.count_notes(built.err)
        problem = testlib.broken(built.err)
        if problem or built.status != 0:
            return Outcome(name, "fail", problem or f"does not compile: {testlib.trouble(built.err)[:200]}",
                           self.again(argv, source, name) + "\n" + testlib.trouble(built.err))
        result = testlib.run([exe], self.args.timeout * 4, env=RUN_ENV)
        if (result.status, result.out) == (0, plain.out):
            return Outcome(name, "pass", notes=notes)
        return self.differs(name, source, argv, flags, plain, result)

    def again(self, argv, source, name):
        saved = self.keep(source, name)
        return testlib.command_text([saved if a == source else a for a in argv][:-2]) + " && ./a.out"

    def differs(self, name, source, argv, flags, plain, result):
        """Is it the program's fault?"""
        level = flags[0]
        same_level = self.prints(self.args.gcc, [level], source, self.args.timeout * 4)
        if result.timed_out and same_level.seconds > self.args.timeout:
            return Outcome(name, "n/a")         # slow at this level
        wrong = not self.sound(source, plain, (same_level,))
        if wrong:
            return Outcome(name, "n/a")
        reason = testlib.how(result) if result.status != 0 else \
            f"prints {result.out.split()[-1:]}, under plain gcc {plain.out.split()[-1:]}"
        return Outcome(name, "fail", f"{reason} ({' '.join(flags)})",
                       self.again(argv, source, name) + "\n" + result.err[-4000:])

    def sound(self, source, plain, others=()):
        """Whether all levels of plain gcc agree and its sanitizers find nothing."""
        checked = self.prints(self.args.gcc, ["-O1"] + SANITIZE, source, self.args.timeout * 20)
        return all(r.timed_out or (r.status, r.out) == (plain.status, plain.out)
                   for r in (checked, *others))

    def validate(self, name, source, plain):
        """--validate: the generator's programs must be sound in themselves."""
        others = [self.prints(self.args.gcc, [level], source, self.args.timeout * 4)
                  for level in ("-O0", "-O3")]
        if self.sound(source, plain, others):
            return Outcome(name, "pass")
        checked = self.prints(self.args.gcc, ["-O1"] + SANITIZE, source, self.args.timeout * 20)
        return Outcome(name, "fail", "is not sound under plain gcc",
                       f"{self.keep(source, name)}\n{checked.err[:3000]}")


def parse_args():
    parser = testlib.Parser("Compare random programs under goatcc and under plain gcc.")
    testlib.add_compiler_options(parser)
    testlib.add_job_option(parser)
    parser.add_argument("-n", type=int, default=100,
                        help="how many programs, those that run too long not counted (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="the first program's seed (default: from the clock; printed)")
    parser.add_argument("--kind", choices=sorted(KINDS), default="csmith",
                        help="the kind of programs (default: %(default)s)")
    parser.add_argument("--timeout", type=float, default=5, metavar="S",
                        help="seconds a program may run under plain gcc (default: %(default)s)")
    parser.add_argument("--validate", action="store_true",
                        help="instead: check under plain gcc with sanitizers that the programs are sound")
    args = parser.parse_args()
    if args.seed is None:
        args.seed = int(time.time()) % 10**8 * 10
    testlib.find_compilers(args)
    return args


def main():
    args = parse_args()
    work = testlib.work_dir(args, "csmith")
    comparison = Comparison(args, work)
    print(f"{args.n} programs of kind {args.kind}, --seed {args.seed}: {args.goatcc}", flush=True)
    return testlib.run_jobs(itertools.count(), comparison.compare, args,
                            os.path.join(work, f"failures-{args.kind}.txt"), args.n)


if __name__ == "__main__":
    sys.exit(main())

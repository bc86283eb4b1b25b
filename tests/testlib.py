# SPDX-License-Identifier: GPL-3.0-or-later
#
# testlib.py: what the scripts that compare goatcc with plain gcc share.
#
# They all ask the same question of many programs: does goatcc do what the compiler behind it does?
# So here are: finding the two compilers, running a command with a time limit, reading the report's
# notes, a pool of jobs with a progress line, and the closing line `N passed, N failed`.

import argparse
import atexit
import collections
import concurrent.futures
import hashlib
import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SKIP = 77                       # automake's exit status for "cannot be run here"

# What a compiler prints when it breaks, as opposed to when it refuses a program.
BROKEN = re.compile(r"internal compiler error|sorry, (?:not implemented|unimplemented)"
                    r"|confused by earlier errors|Segmentation fault|goat: bug", re.I)

# The order matters: the first that matches is the note's kind.
NOTE_KINDS = (
    ("moved to heap", re.compile(r"^moved to heap: ")),
    ("leaking param content", re.compile(r"^leaking param content: ")),
    ("leaking param", re.compile(r"^leaking param: ")),
    ("allocation does not escape",
     re.compile(r"^(?:\w*alloc\w*|str\w*dup\w*|new|make|posix_memalign)\(.* does not escape$")),
    ("allocation escapes",
     re.compile(r"^(?:\w*alloc\w*|str\w*dup\w*|new|make|posix_memalign)\(.* escapes to heap$")),
    ("does not escape", re.compile(r" does not escape$")),
    ("escapes to heap", re.compile(r" escapes to heap$")),
)
NOTE = re.compile(r"^[^\s:][^:\n]*:\d+:\d+: note: (.*)$", re.M)


def die(text, status=2):
    """Say what is wrong in one line and leave."""
    sys.stdout.flush()
    print(f"{os.path.basename(sys.argv[0])}: {text}", file=sys.stderr)
    sys.exit(status)


def skip(text):
    """The test cannot be run here; say what is missing."""
    die(f"skipped: {text}", SKIP)


# ---- running commands ----------------------------------------------------------------------------

Result = collections.namedtuple("Result", "status out err timed_out seconds")


def run(argv, timeout=60, cwd=None, env=None):
    """Run argv with no input; status is negative for a signal and None when time ran out.

    The command gets a process group of its own, so that nothing it started survives the limit.
    """
    start = time.monotonic()
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, cwd=cwd, env=env,
                          start_new_session=True) as child:
        try:
            out, err = child.communicate(timeout=timeout)
            timed_out = False
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            out, err = child.communicate()
            timed_out = True
    return Result(None if timed_out else child.returncode, out,
                  err.decode("utf-8", "replace"), timed_out, time.monotonic() - start)


def how(result):
    """An exit in words."""
    if result.timed_out:
        return "timed out"
    if result.status < 0:
        return f"killed by {signal.Signals(-result.status).name}"
    return f"exit status {result.status}"


def quiet_crashes():
    """Test programs abort by the hundred: no core files."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def same_c_locale():
    """Messages are matched by their English text."""
    os.environ["LC_ALL"] = "C"


# ---- the two compilers ---------------------------------------------------------------------------

def add_compiler_options(parser):
    parser.add_argument("--goatcc", metavar="PROG",
                        help="the wrapper to test (default: $GOATCC, build/goatcc, or the one in PATH)")
    parser.add_argument("--gcc", metavar="PROG",
                        help="what to compare with (default: the compiler behind goatcc: $GOAT_CC or gcc)")
    parser.add_argument("--work", metavar="DIR",
                        help="where to keep temporary files and what is reused (default: test-work in the build directory)")


def add_job_option(parser):
    parser.add_argument("-j", type=int, dest="jobs", metavar="N", default=os.cpu_count() or 1,
                        help="how many jobs at a time (default: %(default)s)")


class Parser(argparse.ArgumentParser):
    """Takes `--opts -O2` for `--opts=-O2`: an option's value may begin with a dash."""

    dashed = ("--opts", "--flags")

    def parse_args(self, args=None, namespace=None):
        words, joined = iter(sys.argv[1:] if args is None else args), []
        for word in words:
            joined.append(f"{word}={next(words, '')}" if word in self.dashed else word)
        return super().parse_args(joined, namespace)


def resolve(program, what):
    found = shutil.which(program)
    if not found:
        die(f"no {what}: '{program}' is not a program that can be run")
    return os.path.abspath(found)


def find_compilers(args):
    """Fill in args.goatcc and args.gcc with absolute paths."""
    wanted = args.goatcc or os.environ.get("GOATCC")
    if not wanted:
        built = [os.path.join(d, "goatcc") for d in (os.getcwd(), os.path.join(ROOT, "build"))]
        wanted = next((p for p in built if os.access(p, os.X_OK)), "goatcc")
    args.goatcc = resolve(wanted, "goatcc (run ./quickstart build, or give --goatcc)")
    args.gcc = resolve(args.gcc or os.environ.get("GOAT_CC") or shown(args.goatcc, [])[0], "gcc")
    os.environ["GOAT_CC"] = args.gcc            # both sides must use the same compiler
    same_c_locale()


def shown(goatcc, flags):
    """The gcc command that goatcc with these flags runs to compile, without the file."""
    told = run([goatcc, "--show", *flags, "-c", "x.c"])
    words = shlex.split(told.out.decode()) if told.status == 0 else []
    return words[:-2] if words[-2:] == ["-c", "x.c"] else ["gcc"]


def compiler_identity(gcc):
    """A short name that changes when the compiler does."""
    told = run([gcc, "-v"]).err + gcc
    return hashlib.sha1(told.encode()).hexdigest()[:12]


def work_dir(args, name):
    """A directory for this script's files; kept from run to run."""
    base = args.work
    if not base:
        build = os.environ.get("BUILDDIR") or os.path.dirname(args.goatcc)
        base = os.path.join(build, "test-work") if os.path.exists(os.path.join(build, "config.status")) \
            else os.path.join(tempfile.gettempdir(), f"goat-tests-{os.getuid()}")
    path = os.path.join(os.path.abspath(base), name)
    os.makedirs(path, exist_ok=True)
    return path


def scratch(work):
    """A fresh directory inside work that is gone when the script ends."""
    path = tempfile.mkdtemp(prefix="run-", dir=work)
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def command_text(argv):
    return " ".join(shlex.quote(a) for a in argv)


# ---- the report ----------------------------------------------------------------------------------

def count_notes(stderr):
    """How many notes of each kind a report has. The flow lines of -fgoat-m=2 are not counted."""
    counts = collections.Counter()
    for text in NOTE.findall(stderr):
        for kind, pattern in NOTE_KINDS:
            if pattern.search(text):
                counts[kind] += 1
                break
    return counts


def notes_text(counts):
    total = sum(counts.values())
    each = ", ".join(f"{counts[kind]} {kind}" for kind, _ in NOTE_KINDS if counts[kind])
    return f"{total} verdicts" + (f": {each}" if each else "")


def broken(stderr):
    """The line that tells of an internal error, or None."""
    found = BROKEN.search(stderr)
    if not found:
        return None
    start = stderr.rfind("\n", 0, found.start()) + 1
    end = stderr.find("\n", found.end())
    return stderr[start:end if end >= 0 else len(stderr)].strip()


def trouble(stderr):
    """A compiler's messages without the report: errors and what follows each."""
    kept, on = [], False
    for line in stderr.splitlines():
        if re.match(r"\S+:\d+:\d+: note: ", line):
            on = False
        elif re.search(r"error|undefined reference|ld returned", line):
            on = True
        if on:
            kept.append(line)
    return "\n".join(kept)[:4000] or stderr[-2000:]


# ---- many jobs -----------------------------------------------------------------------------------

class Tally:
    """Counts what jobs report, prints failures as they come, and closes."""

    def __init__(self, total, log):
        self.total, self.log_path = total, log
        self.passed = self.failed = self.left_out = 0
        self.notes = collections.Counter()
        self.log = open(log, "w", encoding="utf-8")
        self.tty = sys.stdout.isatty()
        self.shown = time.monotonic()
        self.start = time.monotonic()

    def add(self, outcome):
        """outcome: see Outcome."""
        self.notes.update(outcome.notes)
        if outcome.verdict == "pass":
            self.passed += 1
        elif outcome.verdict == "fail":
            self.failed += 1
            self.clear_line()
            print(f"FAIL {outcome.name}: {outcome.reason}", flush=True)
            self.log.write(f"FAIL {outcome.name}: {outcome.reason}\n{outcome.detail}\n\n")
            self.log.flush()
        else:
            self.left_out += 1
            self.log.write(f"n/a  {outcome.name}\n")
        self.progress()

    def done(self):
        return self.passed + self.failed + self.left_out

    def enough(self, wanted, pending):
        """Whether wanted results are there, or will be when all pending jobs count."""
        return wanted is not None and self.passed + self.failed + pending >= wanted

    def progress(self):
        if self.tty:
            if time.monotonic() - self.shown < 2:
                return
            self.shown = time.monotonic()
            print(f"\r\033[K{self.state()}", end="", flush=True)
        elif self.done() % 200 == 0:
            print(self.state(), flush=True)

    def state(self):
        return (f"{self.done()}/{self.total}: {self.passed} passed, {self.failed} failed so far, "
                f"{self.left_out} not applicable")

    def clear_line(self):
        if self.tty:
            print("\r\033[K", end="")

    def close(self):
        """Print the sums and the closing line; return the exit status."""
        self.clear_line()
        self.log.close()
        print(f"not applicable (plain gcc cannot do them either): {self.left_out}")
        if self.notes:
            print(notes_text(self.notes))
        print(f"{time.monotonic() - self.start:.0f} seconds")
        if self.failed:
            print(f"how to see each failure again: {self.log_path}")
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0


class Outcome:
    """What one job found: pass, fail or n/a, with the reason and how to see it again."""

    def __init__(self, name, verdict, reason="", detail="", notes=()):
        self.name, self.verdict, self.reason, self.detail = name, verdict, reason, detail
        self.notes = notes


def run_jobs(jobs, work, args, log, wanted=None):
    """Call work(job) for each job, args.jobs at a time; return the exit status.

    With wanted, jobs may be endless: it ends when as many have passed or failed.
    """
    quiet_crashes()
    tally = Tally(wanted or len(jobs), log)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        # Hand out a few at a time, so that an interrupt does not wait for thousands.
        waiting, todo = set(), iter(jobs)
        try:
            while True:
                while len(waiting) < args.jobs * 4 and not tally.enough(wanted, len(waiting)):
                    job = next(todo, None)
                    if job is None:
                        break
                    waiting.add(pool.submit(work, job))
                if not waiting:
                    break
                done, waiting = concurrent.futures.wait(
                    waiting, return_when=concurrent.futures.FIRST_COMPLETED)
                for future in done:
                    tally.add(future.result())
        except KeyboardInterrupt:
            for future in waiting:
                future.cancel()
            tally.clear_line()
            print("interrupted", flush=True)
    return tally.close()


# ---- what plain gcc said last time ---------------------------------------------------------------

class Cache:
    """A JSON file of answers, written when the script ends."""

    def __init__(self, path):
        self.path = path
        try:
            with open(path, encoding="utf-8") as f:
                self.answers = json.load(f)
        except (OSError, ValueError):
            self.answers = {}
        self.size = len(self.answers)
        atexit.register(self.save)

    def get(self, key, ask):
        """The answer for key, by ask() when there is none yet."""
        if key not in self.answers:
            self.answers[key] = ask()
        return self.answers[key]

    def set(self, key, answer):
        self.answers[key] = answer
        self.size = -1

    def save(self):
        if len(self.answers) == self.size:
            return
        with open(self.path + ".new", "w", encoding="utf-8") as f:
            json.dump(self.answers, f)
        os.replace(self.path + ".new", self.path)


def thread_directories(scratch):
    """A function that gives each thread a directory of its own, where programs may leave files."""
    local = threading.local()

    def directory():
        if not hasattr(local, "dir"):
            local.dir = os.path.join(scratch, f"t{threading.get_ident()}")
            os.makedirs(local.dir)
        return local.dir

    return directory

# SPDX-License-Identifier: GPL-3.0-or-later
#
# realprograms.py: C programs of Debian's source archive, built by a compiler of our choice.
#
# A program is fetched once with `apt-get source` through lists and caches of our own, so that the
# system's configuration stays as it is, from the mirror that the system uses. It is unpacked, made
# ready (autoreconf), and copied for each compiler that builds it.
#
# The build sees a wrapper as its compiler, which records each command before it runs it. From the
# record, single files can be compiled again later, for a report or for the clock.
#
#   WORK/apt/              our lists and downloads
#   WORK/source/NAME/      unpacked and ready
#   WORK/NAME/VARIANT/     cc (the wrapper), record/ (a file per process), tree/ (where it was built)

import collections
import glob
import os
import re
import resource
import shutil
import subprocess

import testlib

# prepare, configure, build and check are run by the shell in `dir`, with $CC, $CFLAGS and $J.
# `count` finds in the check's output how many tests there were.
Project = collections.namedtuple("Project", "name dir tools prepare configure build check count")

AUTOTOOLS = {"autoreconf": "autoconf", "automake": "automake", "libtoolize": "libtool"}
CONFIGURE = "./configure --disable-shared"
MAKE_ALL = "make -j$J && make -j$J check TESTS="
AUTOMAKE_COUNT = r"# (?:TOTAL|PASS): +\d+"

PROJECTS = (
    Project("zlib", ".", {}, "", "./configure --static", "make -j$J", "make check", r"\*\*\* .*test OK \*\*\*"),
    Project("jansson", ".", AUTOTOOLS, "autoreconf -fi", CONFIGURE, MAKE_ALL, "make check", AUTOMAKE_COUNT),
    Project("cjson", ".", {"cmake": "cmake"}, "",
            "cmake -S . -B b -DENABLE_CUSTOM_COMPILER_FLAGS=Off -DCMAKE_C_COMPILER=$CC -DCMAKE_C_FLAGS=$CFLAGS",
            "cmake --build b -j$J", "ctest --test-dir b", r"\d+% tests passed, .*"),
    Project("libyaml", ".", AUTOTOOLS, "autoreconf -fi", CONFIGURE, MAKE_ALL, "make check", AUTOMAKE_COUNT),
    Project("expat", "expat", dict(AUTOTOOLS, **{"g++": "g++"}), "autoreconf -fi",
            CONFIGURE + " --without-docbook", MAKE_ALL, "make check", AUTOMAKE_COUNT),
    Project("bzip2", ".", {}, "", "true", 'make CC="$CC" CFLAGS="$CFLAGS" libbz2.a bzip2 bzip2recover',
            'make CC="$CC" test', r"cmp sample\S+"),
    # Not RunGrepTest: what it prints depends on how a child process is scheduled.
    Project("pcre2", ".", {}, "", CONFIGURE, MAKE_ALL, "make check TESTS='RunTest pcre2posix_test'",
            AUTOMAKE_COUNT),
)

STEP_LIMIT = 1800


def option_parser(purpose):
    """A parser of what a script over the projects takes."""
    parser = testlib.Parser(purpose)
    testlib.add_compiler_options(parser)
    testlib.add_job_option(parser)
    parser.add_argument("project", nargs="*", help=f"default: {' '.join(p.name for p in PROJECTS)}")
    return parser


def chosen(names):
    """The projects named, or all."""
    known = {p.name: p for p in PROJECTS}
    for name in names:
        if name not in known:
            testlib.die(f"no project '{name}'; there are {', '.join(known)}")
    return [known[n] for n in names] or list(PROJECTS)


def lacks(project):
    """The Debian package of a tool that is not here, or None."""
    needed = {"dpkg-source": "dpkg-dev", "make": "make", **project.tools}
    return next((package for tool, package in needed.items() if not shutil.which(tool)), None)


# ---- fetching ------------------------------------------------------------------------------------

def stanzas(text):
    """The paragraphs of a deb822 file as dictionaries."""
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [l for l in paragraph.splitlines() if not l.startswith("#")]
        fields = re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", "\n".join(lines), re.M)
        if fields:
            yield {name.lower(): value for name, value in fields}


def mirrors():
    """(options, URI, suites, components) of each binary or source entry of the system's."""
    for path in ["/etc/apt/sources.list"] + sorted(glob.glob("/etc/apt/sources.list.d/*")):
        try:
            with open(path, encoding="utf-8") as f:
                text = f.read()
        except OSError:
            continue
        if path.endswith(".sources"):
            for s in stanzas(text):
                key = s.get("signed-by", "")
                options = f"[signed-by={key}] " if key.startswith("/") else ""
                for uri in s.get("uris", "").split():
                    yield options, uri, s.get("suites", "").split(), s.get("components", "").split()
        else:
            for options, uri, suite, components in re.findall(
                    r"^deb(?:-src)?[ \t]+(\[[^]]*\][ \t]+)?(\S+)[ \t]+(\S+)[ \t]+(.*)$", text, re.M):
                yield options, uri, [suite], components.split()


def source_line():
    """A deb-src line for this release's main archive."""
    codename = None
    with open("/etc/os-release", encoding="utf-8") as f:
        for line in f:
            if line.startswith("VERSION_CODENAME="):
                codename = line.partition("=")[2].strip().strip('"')
    for options, uri, suites, components in mirrors():
        if codename in suites and "main" in components:
            return f"deb-src {options}{uri} {codename} main\n"
    testlib.skip(f"no archive with {codename} main in /etc/apt: cannot fetch the programs' sources")
    return None


def apt_options(work):
    """apt-get's options that keep it out of the system's files; its lists are brought first."""
    apt = os.path.join(work, "apt")
    os.makedirs(os.path.join(apt, "lists", "partial"), exist_ok=True)
    os.makedirs(os.path.join(apt, "cache", "archives", "partial"), exist_ok=True)
    with open(os.path.join(apt, "sources.list"), "w", encoding="utf-8") as f:
        f.write(source_line())
    return [f"-oDir::Etc::SourceList={apt}/sources.list", "-oDir::Etc::SourceParts=/dev/null",
            f"-oDir::State::Lists={apt}/lists", f"-oDir::Cache={apt}/cache", "-oAPT::Sandbox::User=root"]


def fetch(project, work):
    """Bring a project's source to WORK/source/NAME, ready to be copied and built."""
    ready = os.path.join(work, "source", project.name)
    if os.path.isdir(ready):
        return ready
    options, apt = apt_options(work), os.path.join(work, "apt")
    if not glob.glob(os.path.join(apt, "lists", "*Sources*")):
        brought = testlib.run(["apt-get", *options, "update"], 600)
        if brought.status != 0:
            testlib.skip(f"apt-get update brings no list of sources: {brought.err.strip()[-300:]}")
    place = os.path.join(apt, project.name)
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    got = testlib.run(["apt-get", *options, "source", project.name], 600, cwd=place)
    trees = [d for d in glob.glob(place + "/*") if os.path.isdir(d)]
    if got.status != 0 or not trees:
        testlib.skip(f"apt-get source {project.name} fails: {got.err.strip()[-300:]}")
    if project.prepare:
        step(project.prepare, os.path.join(trees[0], project.dir), {}, "prepare", project)
    os.makedirs(os.path.dirname(ready), exist_ok=True)
    os.rename(trees[0], ready)
    return ready


# ---- building ------------------------------------------------------------------------------------

WRAPPER = """#!/bin/sh
printf '%s\\0' "$PWD" "$@" '
' >> {record}/$$
exec {compiler} "$@"
"""


class StepFailed(Exception):
    """A shell command of a project failed; args: what it was, the end of its output."""


def step(command, directory, env, what, project):
    """Run one of a project's shell commands; return its output."""
    done = testlib.run(["sh", "-c", command], STEP_LIMIT, cwd=directory, env=dict(os.environ, **env))
    text = done.out.decode("utf-8", "replace") + done.err
    if done.status != 0:
        raise StepFailed(f"{project.name}: {what} fails ({testlib.how(done)})", text[-6000:])
    return text


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Build:
    """One project built by one compiler."""

    def __init__(self, project, variant, compiler, work, jobs):
        """compiler: a list, the program and its flags."""
        self.project = project
        self.place = os.path.join(work, project.name, variant)
        self.tree = os.path.join(self.place, "tree")
        self.record = os.path.join(self.place, "record")
        self.compiler, self.work = compiler, work
        self.env = {"CC": os.path.join(self.place, "cc"), "CFLAGS": "-O2", "J": str(jobs)}
        self.seconds = None

    def directory(self):
        return os.path.join(self.tree, self.project.dir)

    def step(self, what):
        return step(getattr(self.project, what), self.directory(), self.env, what, self.project)

    def make(self):
        """Configure and build anew; self.seconds is the build's CPU time."""
        source = fetch(self.project, self.work)
        shutil.rmtree(self.place, ignore_errors=True)
        os.makedirs(self.record)
        shutil.copytree(source, self.tree, symlinks=True)
        with open(self.env["CC"], "w", encoding="utf-8") as f:
            f.write(WRAPPER.format(record=testlib.shlex.quote(self.record),
                                   compiler=testlib.command_text(self.compiler)))
        os.chmod(self.env["CC"], 0o755)
        self.step("configure")
        for name in os.listdir(self.record):    # configure's own probes
            os.unlink(os.path.join(self.record, name))
        before = cpu_seconds()
        self.step("build")
        self.seconds = cpu_seconds() - before

    def check(self):
        """Run the project's own tests; return what they say of their number."""
        counts = re.findall(self.project.count, self.step("check"))
        return ", ".join(c.strip("* ") for c in counts[:8])

    def is_made(self):
        return bool(glob.glob(self.record + "/*"))

    def compilations(self):
        """The recorded compilations of C files, each source once, as Compilation."""
        found = {}
        for path in glob.glob(self.record + "/*"):
            with open(path, encoding="utf-8") as f:
                for command in f.read().split("\0\n\0"):
                    directory, *arguments = command.split("\0")
                    one = Compilation.parse(directory, arguments)
                    if one:
                        found.setdefault(one.source, one)
        return [found[s] for s in sorted(found)]


class Compilation:
    """The directory, arguments and source of a `cc -c` that can be run again."""

    def __init__(self, directory, arguments, source):
        self.directory, self.arguments, self.source = directory, arguments, source

    @staticmethod
    def parse(directory, arguments):
        """None for what does not compile one C file. Outputs are dropped: -o and dependencies."""
        kept, words = [], iter(arguments)
        for word in words:
            if word in ("-o", "-MF", "-MT", "-MQ"):
                next(words, None)
            elif word not in ("-c", "-MD", "-MMD", "-MP"):
                kept.append(word)
        sources = [w for w in kept if w.endswith(".c")]
        if "-c" not in arguments or len(sources) != 1:
            return None
        path = os.path.join(directory, sources[0])
        return Compilation(directory, kept, path) if os.path.exists(path) else None

    def argv(self, compiler, output, how_far="-c"):
        return compiler + self.arguments + [how_far, "-o", output]

    def again(self, compiler, output, how_far="-c"):
        """Compile with another compiler (a list)."""
        return testlib.run(self.argv(compiler, output, how_far), STEP_LIMIT, cwd=self.directory)


ALLOCATORS = re.compile(r"\b(?:malloc|calloc|aligned_alloc|strdup|strndup)\b")


def allocation_calls(objects):
    """How many calls of an allocator the object files hold."""
    told = subprocess.run(["objdump", "-r", *objects], capture_output=True, text=True, check=True).stdout
    return sum(1 for line in told.splitlines() if "R_" in line and ALLOCATORS.search(line))

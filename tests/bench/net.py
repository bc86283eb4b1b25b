#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what servers cost: net.c beside epoll(7), libuv, libevent and Go.

Server and client share one processor, so that nothing is waking and moving between two. What counts
is the processor time of the server for each request, in microseconds, and bytes for each idle
connection. Lines as of bench.py: name, ours, the peer's, the ratio, who it is. What is not installed
is left out.
"""
import collections
import os
import re
import resource
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import bench  # noqa: E402
import testlib  # noqa: E402

CONNECTIONS, IDLE = 1000, 10000
POLLERS, WATCHED = ("epoll", "poll", "select"), (10, 1000, 10000)


class Server:
    def __init__(self, name, exe, command):
        self.name, self.exe = name, exe
        told = testlib.run(command, timeout=300)
        self.works = told.status == 0
        if not self.works:
            lines = told.err.splitlines() or ["does not compile"]
            print(f"    {name} is left out: {lines[0].strip()}")
        self.numbers = collections.defaultdict(list)

    def start(self, what, cpu):
        command = ["taskset", "-c", cpu, self.exe, what] if cpu else [self.exe, what]
        env = dict(os.environ, GOMAXPROCS="1")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
        self.port = self.process.stdout.readline().strip()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def load(self, load, what, *args, cpu="0"):
        command = ["taskset", "-c", cpu, load, what, self.port, str(self.process.pid)]
        told = testlib.run([*command, *map(str, args)], timeout=120)
        if told.status != 0:
            print(f"    {self.name}: {what}: {told.err.strip()}")
            return []
        return [float(n) for n in told.out.split()]

    def time(self):
        """Microseconds that it has run."""
        tasks = f"/proc/{self.process.pid}/task"
        total = 0
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/schedstat", encoding="ascii") as f:
                total += int(f.read().split()[0])
        return total / 1000


def measure_echo(server, load, seconds):
    server.start("echo", "0")
    for value in server.load(load, "echo", CONNECTIONS, seconds):
        server.numbers[f"echo_{CONNECTIONS}_cpu"].append(value)
    server.stop()
    server.start("echo", "0")
    for name, value in zip(("echo_trip", "echo_trip_cpu"), server.load(load, "trip", seconds)):
        server.numbers[name].append(value)
    server.stop()


def measure_http(server, seconds):
    server.start("http", "0")
    url = f"http://127.0.0.1:{server.port}/"
    before = server.time()
    told = testlib.run(["taskset", "-c", "0", "wrk", "-t1", "-c256", f"-d{seconds}s", url], timeout=60)
    used = server.time() - before
    found = re.search(rb"(\d+) requests in", told.out)
    if found and int(found[1]) > 0:
        server.numbers["http_256_cpu"].append(used / int(found[1]))
    server.stop()


def measure_idle(server, load):
    server.start("echo", None)
    for value in server.load(load, "idle", IDLE):
        server.numbers[f"idle_{IDLE}_bytes"].append(value)
    server.stop()


def print_pollers(args, where):
    """What the three ways to wait cost with so many descriptors: pollers.c."""
    exe = os.path.join(where, "pollers")
    if testlib.run([args.goatcc, "-O2", "-w", os.path.join(HERE, "pollers.c"), "-o", exe]).status != 0:
        print("    pollers.c does not compile")
        return
    print("# microseconds of one message, while goroutines are parked on so many descriptors")
    bench.print_line("descriptors", *POLLERS, "")
    for count in WATCHED:
        cells = []
        for poller in POLLERS:
            env = dict(os.environ, GOATDEBUG=f"poller={poller}", GOMAXPROCS="1")
            runs = [testlib.run([exe, str(count)], env=env, timeout=60) for _ in range(args.runs)]
            good = [float(told.out) for told in runs if told.status == 0]
            cells.append(bench.number(statistics.median(good) if good else None))
        bench.print_line(count, *cells, "")


def servers_of(args, where):
    def exe(name):
        return os.path.join(where, name)

    def source(name):
        return os.path.join(HERE, name)

    c = [args.gcc, "-std=gnu11", "-O2", "-w"]
    yield Server("ours", exe("net"), [args.goatcc, "-O2", "-w", source("net.c"), "-o", exe("net")])
    yield Server("epoll", exe("epoll"), [*c, source("net_epoll.c"), "-o", exe("epoll")])
    yield Server("epoll_own_pages", exe("epoll_own"),
                 [*c, "-DOWN_PAGE", source("net_epoll.c"), "-o", exe("epoll_own")])
    yield Server("libuv", exe("uv"), [*c, source("net_uv.c"), "-o", exe("uv"), "-luv"])
    yield Server("libevent", exe("event"),
                 [*c, source("net_event.c"), "-o", exe("event"), "-levent"])
    args.gos = []
    bench.find_gos(args, where)
    for go in args.gos:
        os.environ.update(go.env)
        yield Server(go.name, exe(go.name),
                     [go.command, "build", "-o", exe(go.name), source("go/net.go")])


def main():
    parser = testlib.Parser(description=__doc__.split("\n", 1)[0])
    testlib.add_compiler_options(parser)
    parser.add_argument("--runs", type=int, default=3, metavar="N")
    parser.add_argument("--seconds", type=int, default=1, metavar="N", help="of each measurement")
    parser.add_argument("--only", default="", metavar="REGEX", help="echo, http, idle or pollers")
    parser.add_argument("--go", metavar="PROG", action="append", help="as of bench.py")
    args = parser.parse_args()
    testlib.find_compilers(args)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    where = testlib.scratch(testlib.work_dir(args, "bench"))
    if re.search(args.only, "pollers"):
        print_pollers(args, where)
    if not any(re.search(args.only, what) for what in ("echo", "http", "idle")):
        return
    load = os.path.join(where, "load")
    testlib.run([args.gcc, "-O2", "-w", os.path.join(HERE, "net_load.c"), "-o", load], timeout=60)
    servers = [s for s in servers_of(args, where) if s.works]
    for _ in range(args.runs):
        for server in servers:
            if re.search(args.only, "echo"):
                measure_echo(server, load, args.seconds)
            if re.search(args.only, "http") and testlib.run(["which", "wrk"]).status == 0:
                measure_http(server, args.seconds)
            if re.search(args.only, "idle"):
                measure_idle(server, load)
    print(f"# microseconds or bytes, median of {args.runs} interleaved runs, one processor")
    bench.print_line("name", "ours", "peer", "ratio", "")
    ours = servers[0].numbers
    for name in ours:
        mine = statistics.median(ours[name])
        for peer in servers[1:]:
            if peer.numbers[name]:
                theirs = statistics.median(peer.numbers[name])
                bench.print_line(name, bench.number(mine), bench.number(theirs),
                                 bench.ratio(mine, theirs), peer.name)


if __name__ == "__main__":
    main()

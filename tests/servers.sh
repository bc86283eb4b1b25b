#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# servers.sh: the servers of examples/net with clients that are not ours. What is not installed is left
# out; one client at least there has to be.

. "$(dirname "$0")/lib.sh"
make_scratch
examples=$TOP_SRCDIR/examples/net
there() { command -v "$1" >/dev/null; }
there nc || there curl || skip "neither nc nor curl"

# serve NAME [VARIABLE=VALUE]: starts it; sets $server and $port.
serve() {
	name=$1
	shift
	: >"$scratch/port"
	env "$@" "$scratch/$name" >"$scratch/port" 2>"$scratch/said" &
	server=$!
	port=
	for _ in $(seq 200); do
		port=$(sed -n 's/^port //p' "$scratch/port")
		[ -z "$port" ] || return
		sleep 0.05
	done
	fail "$name starts" "$(cat "$scratch/said")"
}

stop() {
	kill "$server"
	wait "$server" 2>/dev/null
}

for c in echo http chat; do
	ok "$c compiles" "$GOATCC" -O2 -Wall -Wextra -Werror "$examples/$c.c" -o "$scratch/$c"
done

try_echo() {            # [VARIABLE=VALUE]
	serve echo "$@"
	head -c 300000 /dev/urandom >"$scratch/data"
	for i in 1 2 3 4 5; do
		nc -N 127.0.0.1 "$port" <"$scratch/data" >"$scratch/back$i" &
		clients="${clients-} $!"
	done
	# shellcheck disable=SC2086
	wait $clients
	clients=
	for i in 1 2 3 4 5; do
		ok "echo $* gives client $i its own" cmp "$scratch/data" "$scratch/back$i"
	done
	# One stays connected while the server leaves: it gets what it sends until then.
	mkfifo "$scratch/in"
	nc 127.0.0.1 "$port" <"$scratch/in" >"$scratch/out" &
	client=$!
	exec 9>"$scratch/in"
	echo "still there" >&9
	for _ in $(seq 100); do
		[ -s "$scratch/out" ] && break
		sleep 0.05
	done
	kill -TERM "$server"
	wait "$server"
	is "echo $* leaves in order" "$?" 0
	exec 9>&-
	wait "$client"
	rm "$scratch/in"
	is "echo $*: the last one" "$(cat "$scratch/out")" "still there"
	is "echo $* counts" "$(sed -n 's/^served //p' "$scratch/port")" 6
}

if there nc; then
	try_echo
	try_echo GOMAXPROCS=1
	try_echo GOATDEBUG=poller=poll
	try_echo GOATDEBUG=poller=select
fi

if there curl; then
	serve http
	is "http answers curl" "$(curl -s "http://127.0.0.1:$port/world")" "Hello, world!"
	is "http keeps a connection" \
		"$(curl -s "http://127.0.0.1:$port/a" "http://127.0.0.1:$port/b" -w '%{num_connects}\n')" \
		"Hello, a!
1
Hello, b!
0"
	is "http closes when asked" \
		"$(curl -si -H 'Connection: close' "http://127.0.0.1:$port/c" | tr -d '\r' | sed -n 4p)" \
		"Connection: close"
	is "http does not know POST" \
		"$(curl -s -o "$scratch/body" -w '%{http_code}' -d x "http://127.0.0.1:$port/")" 400
	if there wrk; then
		seen=$(wrk -t1 -c100 -d1s "http://127.0.0.1:$port/wrk" 2>&1)
		lacks "http answers wrk" "$seen" "Socket errors"
		lacks "http answers wrk right" "$seen" "Non-2xx"
		has "http answers wrk at all" "$seen" "requests in"
	fi
	kill "$server"
	wait "$server"
	is "http leaves in order" "$?" 0
fi

# line FILE TEXT: waits until TEXT is in it.
line() {
	for _ in $(seq 100); do
		grep -qF "$2" "$1" && break
		sleep 0.05
	done
	has "chat: $2" "$(cat "$1")" "$2"
}

if there nc; then
	serve chat
	mkfifo "$scratch/a" "$scratch/b"
	nc -N 127.0.0.1 "$port" <"$scratch/a" >"$scratch/ann" &
	exec 7>"$scratch/a"
	echo Ann >&7
	line "$scratch/ann" "* 0 others are here"
	nc -N 127.0.0.1 "$port" <"$scratch/b" >"$scratch/bob" &
	exec 8>"$scratch/b"
	echo Bob >&8
	line "$scratch/ann" "* Bob is here"
	line "$scratch/bob" "* 1 others are here"
	echo "hello Bob" >&7
	line "$scratch/bob" "<Ann> hello Bob"
	echo "hello Ann" >&8
	line "$scratch/ann" "<Bob> hello Ann"
	lacks "chat: nobody hears himself" "$(cat "$scratch/ann")" "<Ann>"
	exec 8>&-
	line "$scratch/ann" "* Bob has left"
	exec 7>&-
	stop
fi

# What select cannot watch is refused, in words.
cat >"$scratch/large.c" <<'END'
#include <goat.h>
#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

int
main(void)
{
	struct rlimit files;
	int p[2];

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0 || pipe(p) != 0 || dup2(p[0], 1500) != 1500)
		return 1;
	for (int i = 0; i < 2; i++) {
		int r = goat_poll(1500, POLLIN, goat_now() + 1000000);
		printf("%d %d %d\n", r, errno == EMFILE, errno == ETIMEDOUT);
	}
	return 0;
}
END
ok "a program with a large descriptor" "$GOATCC" "$scratch/large.c" -o "$scratch/large"
for poller in epoll poll; do
	is "$poller takes it" "$(GOATDEBUG=poller=$poller "$scratch/large" 2>&1)" "-1 0 1
-1 0 1"
done
is "select refuses it" "$(GOATDEBUG=poller=select "$scratch/large" 2>&1)" \
	"goat: GOATDEBUG=poller=select: descriptor 1500 is above its limit of 1024 descriptors; poll and epoll have none
-1 1 0
-1 1 0"
finish

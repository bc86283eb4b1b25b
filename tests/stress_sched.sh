#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# stress_sched.sh: tests/stress/chans.c, timers.c and net.c, plainly and under the address and the thread
# sanitizer, with one, two and eight processors; and with collections all the time, or under the thread
# sanitizer with none.
#
# The sanitizer sees into the program, channels, locks, timers and sockets. The rest is the library's: the
# scheduler tells it of switches, and what it orders.

here=$(dirname "$0")
. "$here/lib.sh"

usage() {
	cat <<'END'
Usage: stress_sched.sh [--seconds N] [--with thread|address|none]
  --seconds N  how long each program runs with each sanitizer (default: 3)
  --with S     only that sanitizer, none for neither (default: all three)
END
}

seconds=3 kinds="none address thread"
while [ $# -gt 0 ]; do
	case $1 in
	--seconds) seconds=$2; shift 2 ;;
	--with) kinds=$2; shift 2 ;;
	--help | -h) usage; exit ;;
	*) echo "stress_sched.sh: unknown argument '$1'; try --help" >&2; exit 2 ;;
	esac
done

make_scratch
runtime=$TOP_SRCDIR/runtime
seen_into="chan select sema mutex rwmutex waitgroup time netpoll net"
TSAN_OPTIONS="halt_on_error=1"
ASAN_OPTIONS=detect_leaks=0     # what the collector has is none
export TSAN_OPTIONS ASAN_OPTIONS

build() {               # NAME KIND
	set -- "$GCC" -std=gnu11 -D_GNU_SOURCE -O1 -g -pthread -fexceptions -iquote "$runtime" \
		-I"$runtime/include" -iquote "$TOP_SRCDIR/tests/lib" \
		-o "$scratch/$1.$2" $([ "$2" = none ] || echo "-fsanitize=$2") "$TOP_SRCDIR/tests/stress/$1.c"
	for c in $seen_into; do
		set -- "$@" "$runtime/$c.c"
	done
	"$@" "$TOP_BUILDDIR/.libs/libgoat.a" -lgc
}

# for_a_while PROGRAM: until the time is over, or something is wrong.
for_a_while() {
	end=$(($(date +%s) + seconds)) turn=0
	# That sanitizer holds signals back while a thread waits for a lock, so it could not be stopped.
	[ "${1##*.}" != thread ] || export GC_DONT_GC=1
	while [ "$(date +%s)" -lt "$end" ]; do
		turn=$((turn + 1))
		case $((turn % 4)) in
		0) set -- "$1" 8 0 ;;
		1) set -- "$1" 2 0 ;;
		2) set -- "$1" 1 0 ;;
		3) set -- "$1" 2 50 ;;
		esac
		GOMAXPROCS=$2 GOATDEBUG=gcstress=$3 timeout 180 "$1" 1 >"$scratch/said" 2>&1 || {
			status=$?
			echo "GOMAXPROCS=$2 GOATDEBUG=gcstress=$3 $1: exit status $status (124: it hangs)"
			head -n 60 "$scratch/said"
			return 1
		}
	done
}

for kind in $kinds; do
	for name in chans timers net; do
		if ! build $name $kind 2>"$scratch/said"; then
			if [ $kind = none ]; then
				fail "$name builds" "$(cat "$scratch/said")"
			else
				printf 'skipped: %s does not build with %s: %s\n' $name $kind \
					"$(head -n 1 "$scratch/said")"
			fi
			continue
		fi
		if said=$(for_a_while "$scratch/$name.$kind"); then
			pass "$name, sanitizer $kind"
		else
			fail "$name, sanitizer $kind" "$said"
		fi
	done
done
finish

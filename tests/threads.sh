#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# threads.sh: what many threads use at once, plainly and under the thread sanitizer. Criterion cannot
# run with that, so tests/stress/ has programs of their own, of parts of the runtime.

. "$(dirname "$0")/lib.sh"
make_scratch
runtime=$TOP_SRCDIR/runtime

# build NAME FLAG...: a program with the parts of the runtime that it tests.
build() {
	name=$1
	shift
	"$GCC" -std=gnu11 -D_GNU_SOURCE -O1 -g -pthread "$@" -I"$runtime" -I"$runtime/include" \
		-I"$TOP_SRCDIR/tests/lib" "$TOP_SRCDIR/tests/stress/$name.c" \
		"$TOP_SRCDIR/tests/lib/runtime_alone.c" "$runtime/type.c" "$runtime/iface.c" \
		"$runtime/error.c" "$runtime/dl.c" "$runtime/hash.c" \
		"$runtime/knobs.c" -o "$scratch/$name"
}

ok "itabs builds" build itabs
ok "itabs" "$scratch/itabs"
ok "itabs builds with small tables" build itabs -DGOAT_CHECKING=1
ok "itabs with small tables" "$scratch/itabs"
if build itabs -DGOAT_CHECKING=1 -fsanitize=thread 2>"$scratch/said"; then
	ok "itabs under the thread sanitizer" env TSAN_OPTIONS=halt_on_error=1 "$scratch/itabs"
else
	printf 'skipped: no thread sanitizer: %s\n' "$(head -n 1 "$scratch/said")"
fi

# whole NAME FLAG...: a program with the whole runtime.
whole() {
	name=$1
	shift
	"$GCC" -std=gnu11 -D_GNU_SOURCE -O1 -g -pthread -fexceptions -Wno-infinite-recursion "$@" \
		-iquote "$runtime" -I"$runtime/include" "$TOP_SRCDIR/tests/stress/$name.c" \
		"$runtime"/*.c "$runtime"/arch/*.[cS] -lgc -o "$scratch/$name"
}

for flags in "" -DGOAT_CHECKING=1 "-DGOAT_CHECKING=1 -fsanitize=thread"; do
	if whole panics $flags 2>"$scratch/said"; then
		ok "panics ${flags:-plainly}" env TSAN_OPTIONS=halt_on_error=1 "$scratch/panics"
	else
		printf 'skipped: does not build with %s: %s\n' "$flags" "$(head -n 1 "$scratch/said")"
	fi
done
# The same with what goroutines wait for each other by, which the sanitizer shall see into. The rest
# is the library's: the scheduler tells it what it orders.
pieces() {              # NAME FILES FLAG...
	name=$1 files=$2
	shift 2
	set -- "$GCC" -std=gnu11 -D_GNU_SOURCE -O1 -g -pthread -fexceptions "$@" -iquote "$runtime" \
		-I"$runtime/include" -iquote "$TOP_SRCDIR/tests/lib" "$TOP_SRCDIR/tests/stress/$name.c"
	for c in $files; do
		set -- "$@" "$runtime/$c.c"
	done
	"$@" "$TOP_BUILDDIR/.libs/libgoat.a" -lgc -o "$scratch/$name"
}

# try_pieces NAME FILES FLAGS [VARIABLE=VALUE...]
try_pieces() {
	program=$1 with=$3
	# shellcheck disable=SC2086
	if ! pieces "$1" "$2" $with 2>"$scratch/said"; then
		printf 'skipped: %s does not build with %s: %s\n' "$program" "$with" \
			"$(head -n 1 "$scratch/said")"
		return
	fi
	shift 3
	for p in 1 2 8; do
		ok "$program ${with:-plainly} $*, GOMAXPROCS=$p" \
			env "$@" GOMAXPROCS=$p TSAN_OPTIONS=halt_on_error=1 "$scratch/$program" 2
	done
}

poller="net netpoll netpoll_epoll netpoll_poll netpoll_select"
for flags in "" -fsanitize=thread; do
	try_pieces chans "chan select sema mutex once rwmutex waitgroup" "$flags"
	try_pieces net "$poller" "$flags"
done
try_pieces net "$poller" -fsanitize=address
try_pieces net "$poller" "" GOATDEBUG=poller=poll
try_pieces net "$poller" "" GOATDEBUG=poller=select
finish

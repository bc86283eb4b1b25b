#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# failing.sh: a program whose system calls fail, one after the other, ends by itself: as if nothing had
# been, or with status 2 and a fatal error or a panic, or with its own error message. It does not hang
# and is not killed.

here=$(dirname "$0")
. "$here/lib.sh"
make_scratch

"$GCC" -std=gnu11 -D_GNU_SOURCE -O1 -shared -fPIC "$here/failing/shim.c" -o "$scratch/shim.so" -ldl ||
	skip "the shim does not build"
if ! "$GOATCC" -O1 "$here/failing/program.c" -o "$scratch/program"; then
	fail "program.c builds"
	finish
fi

# end_of FAIL: what is wrong with how the program ends, or nothing.
end_of() {
	FAIL=$1 LD_PRELOAD=$scratch/shim.so timeout 20 "$scratch/program" >"$scratch/out" 2>"$scratch/err"
	status=$?
	case $status in
	0) [ "$(cat "$scratch/out")" = done ] && return ;;
	1) grep -q '^program: ' "$scratch/err" && return ;;
	2) grep -qE '(fatal error|panic): ' "$scratch/err" && return ;;
	esac
	echo "FAIL=$1: exit status $status (124: it hangs)"
	head -n 5 "$scratch/out" "$scratch/err"
}

# each CALL N...: the case of a call, that the N-th of it fails, or all from that one on.
each() {
	call=$1 wrong=
	shift
	for n in "$@"; do
		wrong=$wrong$(end_of "$call:$n")
		wrong=$wrong$(end_of "$call:$n+")
	done
	if [ -z "$wrong" ]; then pass "$call fails"; else fail "$call fails" "$wrong"; fi
}

is "nothing fails" "$(end_of nothing:1)" ""
for p in ${FAILING_PROCS-1 4}; do
	GOMAXPROCS=$p
	export GOMAXPROCS
	each mmap 1 3 4 5 7 9 10 11 12 14 20
	each mprotect 1 2 3 257
	each madvise 1 2 3 345
	each pthread_create 1 2 3 5
	each epoll_create1 1
	each epoll_ctl 1 2 3 5 12
	each epoll_wait 1 2 5
	each eventfd 1
	each accept4 1 2 5
	each socket 1 2 5
done

# limited KILOBYTES: the program with so much address space.
limited() {
	(ulimit -v "$1"; end_of nothing:1)
}
for kb in 30000 60000 100000 300000 1000000 3000000 20000000; do
	is "$kb KB of addresses" "$(limited $kb)" ""
done
finish

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# alloc.sh: what an object costs that does not escape, beside a local variable.
#
# callgrind counts the instructions of alloc_loop.c for two numbers of rounds; their difference, by
# round, leaves the start of the program out. Unlike time, such a count is the same each run.
#
#   new_dies      new(struct s, ...) that dies in its round
#   malloc_dies   malloc and free of plain C with -fgoat-heap2stack
#   malloc_gcc    the same under plain gcc: what there is to gain
#
# Prints numbers, and fails only if it cannot measure.

here=$(dirname "$0")
: "${TOP_SRCDIR:=$(cd "$here/../.." && pwd)}"
. "$here/../lib.sh"

case ${1-} in
--help | -h)
	echo "Usage: [GOATCC=PROG] [GCC=PROG] alloc.sh
Prints the instructions a round: an object that does not escape, a local variable, the ratio."
	exit ;;
'') ;;
*)
	echo "alloc.sh: unknown argument '$1'; try --help" >&2
	exit 2 ;;
esac

few=1000 many=11000
source=$here/alloc_loop.c

if ! command -v valgrind >/dev/null; then
	echo "alloc.sh: skipped: install the Debian package valgrind"
	exit 77
fi

# instructions PROGRAM ROUNDS: how many it takes in all.
instructions() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" "$2" 2>&1 >/dev/null |
		sed -n 's/^==.*Collected *: *\([0-9]*\).*/\1/p'
}

# round NAME COMPILER [FLAG]...: print the instructions of one round to one decimal.
round() {
	name=$1
	shift
	if ! "$@" -O2 -w "$source" -o "$scratch/$name"; then
		echo "alloc.sh: $name does not compile: $* -O2 $source" >&2
		return 1
	fi
	a=$(instructions "$scratch/$name" $few)
	b=$(instructions "$scratch/$name" $many)
	if [ -z "$a" ] || [ -z "$b" ]; then
		echo "alloc.sh: callgrind counts nothing for $name" >&2
		return 1
	fi
	awk "BEGIN { printf \"%.1f\", ($b - $a) / ($many - $few) }"
}

# line NAME OURS: print a line of the table.
line() {
	awk -v name="$1" -v ours="$2" -v local="$local" \
		'BEGIN { printf "%-14s %8.1f %8.1f %7.3f\n", name, ours, local, ours / local }'
}

make_scratch
local=$(round local "$GCC") || exit 1
printf '%-14s %8s %8s %7s\n' name ours local ratio
ours=$(round new_dies "$GOATCC" -DWITH_NEW) && line new_dies "$ours" || failed=1
ours=$(round malloc_dies "$GOATCC" -DWITH_MALLOC -fgoat-heap2stack) && line malloc_dies "$ours" || failed=1
ours=$(round malloc_gcc "$GCC" -DWITH_MALLOC) && line malloc_gcc "$ours" || failed=1
exit $failed

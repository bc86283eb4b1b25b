#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# valgrind.sh: the core's unit tests lose no memory and touch none that is not theirs; and valgrind follows
# goroutines from stack to stack.

. "$(dirname "$0")/lib.sh"

command -v valgrind >/dev/null || { echo "no valgrind (Debian: valgrind)"; exit 77; }
core=$TOP_BUILDDIR/tests/unit/core
test -x "$core" || { echo "no $core"; exit 77; }
if nm "$core" | grep -q __asan_init; then
	echo "built with a sanitizer, which does this"
	exit 77
fi
make_scratch

TEST_GRAPHS=300
export TEST_GRAPHS
valgrind -q --leak-check=full --error-exitcode=9 --log-file="$scratch/log.%p" \
	"$core" --filter '!(solve/takes_near_linear_work|batch/chains*)' >"$scratch/out" 2>&1
ok "the unit tests pass under valgrind" test $? -eq 0
is "nothing is lost and nothing is wrong" "$(cat "$scratch"/log.*)" ""
tail -n 1 "$scratch/out"

# Of the collector it knows nothing, which looks at all there is.
for kind in Cond Value8 Addr8; do
	printf '{\n\tcollector\n\tMemcheck:%s\n\tobj:*/libgc.so.*\n}\n' $kind
done >"$scratch/collector"
for program in prime_sieve select_timeout mutex_rwmutex chan_panics_recovered; do
	source=$TOP_SRCDIR/tests/conformance/sched/$program
	"$GOATCC" -g -O1 "$source.c" -o "$scratch/$program" || exit 99
	valgrind -q --error-exitcode=9 --suppressions="$scratch/collector" --log-file="$scratch/said" \
		"$scratch/$program" >"$scratch/out"
	ok "$program" test $? -eq 0
	is "$program: stacks of goroutines" "$(grep '^==' "$scratch/said")" ""
	is "$program: output" "$(cat "$scratch/out")" "$(cat "$source.out")"
done
finish

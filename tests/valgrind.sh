#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# valgrind.sh: the core's unit tests lose no memory and touch none that is not theirs.

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
finish

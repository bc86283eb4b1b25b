#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# run_programs.sh: the programs of tests/run, at each level of optimisation; and what needs much of the stack where that
# does not go on elsewhere.

. "$(dirname "$0")/lib.sh"
[ -n "${PYTHON-}" ] || PYTHON=$(command -v python3) || skip "no python3"

for level in 0 1 2 3 s; do
	if seen=$("$PYTHON" "$TOP_SRCDIR/tests/conformance/run" --goatcc "$GOATCC" -v -O $level \
		"$TOP_SRCDIR/tests/run"); then
		pass "-O$level: $seen"
	else
		fail "-O$level" "$seen"
	fi
done
make_scratch
echo 'int main(void) { return 0; }' >"$scratch/none.c"
for flag in -fsanitize=address -fsanitize=thread -flto -fgoat-no-preempt; do
	if "$GOATCC" $flag "$scratch/none.c" -o "$scratch/none" 2>/dev/null && "$scratch/none"; then
		"$GOATCC" -O1 $flag "$TOP_SRCDIR/tests/run/large_frames.c" -o "$scratch/large"
		is "$flag: large frames" "$("$scratch/large" 2>&1 | head -20)" "$(cat "$TOP_SRCDIR/tests/run/large_frames.out")"
	else
		pass "$flag # skipped: not here"
	fi
done
finish

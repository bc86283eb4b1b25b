#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# run_programs.sh: the programs of tests/run, at each level of optimisation.

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
finish

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# run_conformance.sh: the conformance programs, those of conformance.waiting aside, and the golden
# files, which have the same form.

. "$(dirname "$0")/lib.sh"
[ -n "${PYTHON-}" ] || PYTHON=$(command -v python3) || skip "no python3"

waiting() {
	sed -e '/^#/d' -e 's/[[:space:]].*//' "$TOP_SRCDIR/tests/conformance.waiting" | grep -qx -e "$1"
}

set --
for program in "$TOP_SRCDIR"/tests/conformance/*/*.c; do
	name=${program#"$TOP_SRCDIR"/tests/conformance/}
	waiting "$name" || waiting "${name%/*}" || set -- "$@" "$program"
done
[ ! -d "$TOP_SRCDIR/tests/golden" ] || set -- "$@" "$TOP_SRCDIR/tests/golden"

exec "$PYTHON" "$TOP_SRCDIR/tests/conformance/run" --goatcc "$GOATCC" -v -O2 "$@"

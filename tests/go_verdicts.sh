#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# go_verdicts.sh: random programs in C and in Go get the same verdicts; needs Go's compiler.

. "$(dirname "$0")/lib.sh"
[ -n "${PYTHON-}" ] || PYTHON=$(command -v python3) || skip "no python3"

exec "$PYTHON" "$TOP_SRCDIR/tests/prop/go_verdicts.py" --goatcc "$GOATCC"

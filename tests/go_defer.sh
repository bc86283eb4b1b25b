#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# go_defer.sh: random programs of defer, panic and recover do the same in C and in Go; needs Go's
# compiler.

. "$(dirname "$0")/lib.sh"
[ -n "${PYTHON-}" ] || PYTHON=$(command -v python3) || skip "no python3"

exec "$PYTHON" "$TOP_SRCDIR/tests/prop/go_defer.py" --goatcc "$GOATCC" --rounds 3

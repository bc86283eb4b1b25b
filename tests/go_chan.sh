#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# go_chan.sh: random networks of goroutines and channels do the same in C and in Go; needs Go's
# compiler.

. "$(dirname "$0")/lib.sh"
[ -n "${PYTHON-}" ] || PYTHON=$(command -v python3) || skip "no python3"

exec "$PYTHON" "$TOP_SRCDIR/tests/prop/go_chan.py" --goatcc "$GOATCC" --rounds 2

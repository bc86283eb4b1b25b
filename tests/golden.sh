#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# golden.sh: rewrites the ERROR comments of tests/golden to what is printed now. Read the
# difference before it is committed: a verdict is decided first and compared with this after.

. "$(dirname "$0")/lib.sh"
[ -n "${PYTHON-}" ] || PYTHON=$(command -v python3) || skip "no python3"

exec "$PYTHON" "$TOP_SRCDIR/tests/golden.py" --goatcc "$GOATCC" "$TOP_SRCDIR"/tests/golden/*.c

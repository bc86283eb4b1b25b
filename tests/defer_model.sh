#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# defer_model.sh: random programs with deferred code do what a model says.

. "$(dirname "$0")/lib.sh"
[ -n "${PYTHON-}" ] || PYTHON=$(command -v python3) || skip "no python3"

exec "$PYTHON" "$TOP_SRCDIR/tests/prop/defer_model.py" --goatcc "$GOATCC" --count 15

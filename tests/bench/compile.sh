#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# compile.sh: compile time as a ratio to plain gcc's. See compile.py, which does it.

exec "${PYTHON:-python3}" "$(dirname "$0")/compile.py" "$@"

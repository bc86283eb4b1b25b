#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# fuzz_short.sh: a short run of the fuzz target, the same each time; `make fuzz` searches.

exec "${CONFIG_SHELL:-/bin/sh}" "$(dirname "$0")/fuzz.sh" --short

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# arm64.sh: the switch of goroutines on AArch64, in an emulator. Debian's gcc-12-aarch64-linux-gnu and
# qemu-user are not asked for; without them this is skipped.

. "$(dirname "$0")/lib.sh"
make_scratch

cc=
for c in aarch64-linux-gnu-gcc aarch64-linux-gnu-gcc-12 aarch64-linux-gnu-gcc-11; do
	command -v $c >/dev/null 2>&1 && cc=$c && break
done
if [ -z "$cc" ] || ! command -v qemu-aarch64 >/dev/null 2>&1; then
	echo "skipped: no compiler and emulator for AArch64"
	exit 77
fi
for level in -O0 -O2; do
	ok "$level builds" "$cc" $level -static -I"$TOP_SRCDIR/runtime" "$TOP_SRCDIR/tests/arm64_switch.c" \
		"$TOP_SRCDIR/runtime/arch/arm64.S" -lm -o "$scratch/switch"
	is "$level registers" "$(qemu-aarch64 "$scratch/switch" 2>&1)" kept
done
finish

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# slice_model.sh: a million random steps on slices do what a model says, and loops over slices are
# compiled as loops over arrays.

. "$(dirname "$0")/lib.sh"
make_scratch
cd "$scratch" || exit 99

model() {
	how=$1 steps=$2
	shift 2
	ok "compiles, $how" "$GOATCC" "$@" "$TOP_SRCDIR/tests/prop/slice.c" -o model
	ok "the model, $how" ./model "$steps"
}

model -O2 400000 -O2
model -O0 50000 -O0 -g
model -O3 50000 -O3 -flto
model "without buffers" 50000 -O1 -fgoat-make-stack=0
model "large buffers" 50000 -O2 -fgoat-make-stack=4096
model "sanitized" 50000 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined

# The instructions of a function, without labels, directives and what aligns; registers as they are.
code() {
	sed -n "/^$2:/,/^	\.size	$2,/p" "$1" |
		sed -e '/^[^	]/d' -e '/^	\./d' -e 's/\.L[0-9]*/L/g'
}

# The same without an order: GCC may load the length after the pointer.
parts() {
	code "$1" "$2" | sort
}

loops() {
	ok "loops compile, $1" "$GOATCC" "$@" -S "$TOP_SRCDIR/tests/lib/loops_slice.c" -o loops.s
	for loop in sum scale; do
		want=$(parts loops.s ${loop}_array)
		is "$loop by index, $1" "$(parts loops.s ${loop}_index)" "$want"
		is "$loop by slice_range, $1" "$(parts loops.s ${loop}_range)" "$want"
	done
	lacks "no checks are left, $1" "$(cat loops.s)" panicbounds
}

loops -O2
loops -O3
case $(uname -m) in
x86_64) has "loops are vectorised" "$(code loops.s scale_index)" mulpd ;;
esac

finish

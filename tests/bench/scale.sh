#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# scale.sh: the analysis costs the same for each statement, however many there are.
#
# First the core alone, on graphs (scale_core.c): steps and ns a statement. Then C functions of 10^2
# to 10^5 statements: user time of goatcc -fgoat-m -fsyntax-only less that of gcc -fsyntax-only, in
# ns a statement, and gcc's own; the best of RUNS (3). Small sizes are compiled as many copies of
# the function in one file, so that what is measured is not the start of the compiler. Where much is
# reported, most of the time is gcc's for printing notes: FLAGS (-fgoat-m -fno-diagnostics-show-caret)
# are those of goatcc.

: "${TOP_SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
. "$TOP_SRCDIR/tests/lib.sh"

make_scratch
runs=${RUNS:-3}
flags=${FLAGS:--fgoat-m -fno-diagnostics-show-caret}
largest=${LARGEST:-100000}

core() {
	# shellcheck disable=SC2086
	"$GCC" -std=gnu11 -O2 -I"$TOP_SRCDIR/plugin/core" -I"$TOP_SRCDIR/tests/lib" \
		"$TOP_SRCDIR/tests/bench/scale_core.c" "$TOP_SRCDIR/tests/lib/shapes.c" \
		$(for f in arena batch explain graph leaks solve; do
			echo "$TOP_SRCDIR/plugin/core/$f.c"; done) -o "$scratch/core" && "$scratch/core"
}

# generate SHAPE STATEMENTS COPIES >FILE
generate() {
	awk -v shape="$1" -v n="$2" -v copies="$3" '
	function open(c)  { printf "int *%s%d(int *a, int **b, int n)\n{\n\tint *p0 = a;\n", "f", c }
	function close_() { print "\treturn p;\n}" }
	function chain(c,  i) {
		open(c)
		for (i = 1; i < n; i++) printf "\tint *p%d = p%d;\n", i, i - 1
		printf "\treturn p%d;\n}\n", n - 1
	}
	function addresses(c,  i) {
		open(c); print "\tint *p = a;"
		for (i = 0; i < n / 2; i++) printf "\tint x%d = n;\n\tp = &x%d;\n", i, i
		print "\t*p0 = *p;\n\treturn p0;\n}"
	}
	function loops(c,  i) {
		open(c); print "\tint *p = a;"
		for (i = 0; i < n / 4; i++)
			printf "\tfor (int i = 0; i < n; i++) {\n\t\tint x = i;\n\t\tint *q = &x;\n\t\tp = b[*q];\n\t}\n"
		close_()
	}
	function nested(c,  i, d, k) {
		open(c); print "\tint *p = a;"
		for (i = 0; i < n; i += d * 3) {
			d = n - i < 3000 ? int((n - i) / 3) + 1 : 1000
			for (k = 0; k < d; k++)
				printf "while (n--) {\n\tint x%d = n;\n\tp = p ? &x%d : *b;\n", k, k
			for (k = 0; k < d; k++) print "}"
		}
		print "\t(void)p;\n\treturn p0;\n}"
	}
	function calls(c,  i) {
		printf "static int *g%d(int *p, int **q) { *q = p; return *q; }\n", c
		open(c); print "\tint *p = a;"
		for (i = 0; i < n / 2; i++) printf "\tint x%d = n;\n\tp = g%d(&x%d, b);\n", i, c, i
		close_()
	}
	function branches(c,  i) {
		open(c); print "\tint *p = a, x = n;"
		for (i = 0; i < n / 2; i++) printf "\tif (n == %d)\n\t\tp = b[%d];\n\telse\n\t\tp0 = &x;\n", i, i
		print "\t*p0 = 1;"; close_()
	}
	function elses(c,  i) {
		open(c); print "\tint *p = a;"
		for (i = 0; i < n / 2; i++) {
			printf "\t%sif (n == %d)\n\t\tp = b[%d];\n", i % 200 ? "else " : "", i, i
		}
		close_()
	}
	function heap(c,  i) {
		open(c); print "\tint *p = a;"
		for (i = 0; i < n / 2; i++) print "\tp = __builtin_malloc(8);\n\t__builtin_free(p);"
		close_()
	}
	function ring(c,  i) {
		for (i = 0; i < n / 4; i++) printf "int *r%d_%d(int *p, int n);\n", c, i
		for (i = 0; i < n / 4; i++) {
			printf "int *r%d_%d(int *p, int n)\n{\n\tfor (;;) {\n\t\tint x = n;\n", c, i
			printf "\t\tif (n) p = r%d_%d(&x, n);\n\t}\n\treturn r%d_%d(p, n);\n}\n", c, \
				(i + 1) % int(n / 4), c, (i * 7919 + 1) % int(n / 4)
		}
	}
	BEGIN {
		for (c = 0; c < copies; c++) {
			if (shape == "chain") chain(c)
			else if (shape == "addresses") addresses(c)
			else if (shape == "loops") loops(c)
			else if (shape == "nested") nested(c)
			else if (shape == "calls") calls(c)
			else if (shape == "branches") branches(c)
			else if (shape == "elses") elses(c)
			else if (shape == "malloc") heap(c)
			else if (shape == "ring") ring(c)
		}
	}'
}

# user_ms COMMAND...: the least of several runs.
user_ms() {
	i=0
	while [ $i -lt "$runs" ]; do
		i=$((i + 1))
		{ TIMEFORMAT=%U; export TIMEFORMAT; bash -c 'time "$@" >/dev/null 2>&1' sh "$@"; } 2>&1
	done | tr -d . | sed 's/^0*\([0-9]\)/\1/' | sort -n | head -n 1
}

measure() {
	printf '%-10s' "$1"
	n=100
	while [ $n -le "$largest" ]; do
		copies=$((largest / n))
		generate "$1" $n $copies >"$scratch/t.c"
		plain=$(user_ms "$GCC" -w -fsyntax-only "$scratch/t.c")
		# shellcheck disable=SC2086
	goat=$(user_ms "$GOATCC" -w $flags -fsyntax-only "$scratch/t.c")
		awk -v g="$goat" -v p="$plain" -v n=$((n * copies)) \
			'BEGIN { printf "  %6.0f (%5.0f)", (g - p) * 1e6 / n, p * 1e6 / n }'
		n=$((n * 10))
	done
	echo
}

core
echo
echo "goatcc $flags: ns a statement more than gcc (what gcc takes)"
printf '%-10s  %14s  %14s  %14s  %14s\n' '' 100 1000 10000 100000
for shape in ${SHAPES:-chain addresses loops nested calls branches elses malloc ring}; do
	measure "$shape"
done

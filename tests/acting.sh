#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# acting.sh: what is moved stays right under gcc's other options: debug information, link-time
# optimisation, sanitizers, profiles, caches, precompiled headers, warnings.

. "$(dirname "$0")/lib.sh"
make_scratch
cd "$scratch" || exit 99

cat >two.c <<'EOF'
#include <goat.h>
struct point { int x, y; };
struct point *corner(int x, int y);
int *counter(int start)
{
	int n = start;
	n++;
	return &n;
}
static int area(const struct point *p) { return p->x * p->y; }
int main(void)
{
	int *a = counter(1), *b = counter(10);
	struct point *p = corner(3, 4);
	int total = 0, *last = NULL;
	for (int i = 0; i < 3; i++) {
		int x = i;
		if (last != NULL)
			x += *last;
		last = &x;
		total += area(new(struct point, i, x));
	}
	printf("%d %d %d %d %d\n", *a, *b, p->x + p->y, *last, total);
	return 0;
}
EOF
cat >corner.c <<'EOF'
#include <goat.h>
struct point { int x, y; };
struct point *corner(int x, int y) { struct point p = { x, y }; goat_gc(); return &p; }
EOF
want="2 11 7 3 7"

# runs NAME FLAG...: both units, compiled and linked with the flags, print what they should and
# nothing else is said.
PROG="timeout 20 ./prog"

runs() {
	name=$1
	shift
	rm -f prog
	seen=$("$GOATCC" "$@" two.c corner.c -o prog 2>&1 && $PROG 2>&1)
	is "$name" "$seen" "$want"
}

need() {
	command -v "$1" >/dev/null || { pass "$2 # skipped: no $1"; return 1; }
}

# ---- Levels and forms of code ----

for level in -O0 -O1 -O2 -O3 -Os -Og -Ofast; do
	runs "$level" "$level" -g
	runs "$level -flto" "$level" -flto
done
for flags in -pipe -save-temps -fPIC -fpie -pg -fprofile-arcs -ftest-coverage -fstack-protector-strong \
	-fstack-protector-all -fstack-clash-protection -fno-omit-frame-pointer -fexceptions -fanalyzer \
	-finstrument-functions-exclude-file-list=two -fno-builtin -fno-strict-aliasing -ffunction-sections \
	-fsplit-stack -fsanitize=undefined -D_FORTIFY_SOURCE=2 -fcf-protection=full -ftrapv -fwrapv \
	-fipa-pta -ftracer -fno-inline -funroll-loops -fverbose-asm; do
	runs "$flags" -O2 -Wall -Wextra "$flags"
done
if echo 'int x;' | "$GOATCC" -ftrivial-auto-var-init=zero -c -xc - -o /dev/null 2>/dev/null; then
	for how in zero pattern; do
		runs "-ftrivial-auto-var-init=$how" -O1 "-ftrivial-auto-var-init=$how"
	done
fi
if "$GOATCC" -static two.c corner.c -o prog 2>/dev/null; then
	is "-static" "$($PROG)" "$want"
else
	pass "-static # skipped: it does not link here"
fi
"$GOATCC" -g -fPIC -shared corner.c -o libcorner.so &&
	"$GOATCC" -g two.c -L. -Wl,-rpath,"$PWD" -lcorner -o prog
is "-shared" "$($PROG)" "$want"
for unit in two corner; do
	"$GOATCC" -flto -O2 -c $unit.c -o $unit.o
done
is "-flto, compiled and linked apart" "$("$GOATCC" -flto -O2 two.o corner.o -o prog && $PROG)" "$want"

# ---- Warnings ----

cat >warn.c <<'EOF'
#include <goat.h>
int *kept;
void outer(int **p);
int *of_local(void) { int x = 1; return &x; }
int *of_parameter(int x) { return &x; }
int *of_array(void) { int a[3] = { 1, 2, 3 }; return a; }
int *of_element(int i) { int a[3] = { 1, 2, 3 }; return &a[i]; }
int *through(void) { int x = 1, *p = &x; return p; }
int *either(int c) { int x = 1, y = 2; return c ? &x : &y; }
void keep(void) { int x = 3; kept = &x; }
void give(int **p) { int x = 3; *p = &x; }
int *literal(void) { return (int[]){ 1, 2 }; }
int after(void) { int *p; { int x = 4; p = &x; } return *p; }
int *made(void) { return new(int, 5); }
int dies(void) { int *p = new(int); *p = 1; return *p; }
int *cast(void) { int x = 1; return (int *)(void *)&x; }
struct s { int *p; };
struct s in_struct(void) { int x = 1; return (struct s){ &x }; }
int jump(int n) { switch (n) { int x; case 1: x = 1; kept = &x; return x; } return 0; }
EOF
for std in gnu11 gnu17 gnu2x c11 c17; do
	for level in -O0 -O2; do
		is "no warning, -std=$std $level" "$("$GOATCC" -std=$std $level -Wall -Wextra -Wunused \
			-Wshadow -c warn.c -o warn.o 2>&1)" ""
	done
done
is "no warning of the header, -pedantic" \
	"$("$GOATCC" -std=c11 -pedantic -Wall -Wextra -Wsystem-headers -c corner.c 2>&1 | grep 'goat.h:[0-9:]* warning')" ""
is "no warning at a use, -pedantic" "$("$GOATCC" -std=c11 -pedantic -c corner.c 2>&1)" ""
cat >plain_words.c <<'EOF'
#define GOAT_NO_KEYWORDS
#include <goat.h>
int new(int make) { return make; }
int main(void) { int *p = goat_new(int, new(6)); printf("%d\n", *p); return 0; }
EOF
is "GOAT_NO_KEYWORDS" "$("$GOATCC" -Wall -Wextra plain_words.c -o prog 2>&1 && $PROG)" 6

cat >jumps.c <<'EOF'
#include <goat.h>
#include <setjmp.h>
jmp_buf env;
int *alone(void)
{
	int x = 1;
	if (setjmp(env))
		return NULL;
	return &x;
}
EOF
seen=$("$GOATCC" -c jumps.c 2>&1)
has "a function with setjmp has its warning" "$seen" "jumps.c:9:16: warning: function returns address of local variable"
is "unless it is off" "$("$GOATCC" -Wno-return-local-addr -c jumps.c 2>&1)" ""
fails "or an error" "$GOATCC" -Werror=return-local-addr -c jumps.c
cat >plain.c <<'EOF'
int *dangling(void) { int x = 1; return &x; }
#include <stdio.h>
int main(void) { printf("%p\n", (void *)dangling()); return 0; }
EOF
has "plain C has the warning" "$("$GOATCC" -c plain.c 2>&1)" "[-Wreturn-local-addr]"
is "and returns what gcc returns" "$("$GOATCC" -w plain.c -o prog && $PROG)" "(nil)"

# ---- Sanitizers ----

cat >after.c <<'EOF'
#include <goat.h>
#include <string.h>
__attribute__((noipa)) static int length(const char *s) { return strlen(s); }
int main(void)
{
	int *p = NULL, *q[3];
	char *s = *new(char[8], "goat");
	for (int i = 0; i < 3; i++) {
		int x = 40 + i;
		p = &x;
		q[i] = new(int, i);
	}
	{ char inner[4] = "in"; s = length(s) == 4 ? inner : s; }
	printf("%d %d %s\n", *p, *q[0] + *q[2], s);
	return 0;
}
EOF
cat >over.c <<'EOF'
#include <goat.h>
int main(int argc, char **argv)
{
	char *s = *new(char[16]);
	s[argc + 15] = argv[0][0];
	return s[argc + 15] == 0;
}
EOF
if echo 'int main(void) { return 0; }' | $GCC -fsanitize=address -xc - -o prog 2>/dev/null && ./prog; then
	runs "-fsanitize=address" -O1 -g -fsanitize=address
	runs "-fsanitize=address,undefined" -O2 -g -fsanitize=address,undefined
	"$GOATCC" -g -fsanitize=address after.c -o prog
	is "an object of a block that has ended is no error" "$($PROG 2>&1)" "42 2 in"
	"$GOATCC" -g -fsanitize=address over.c -o prog
	has "an overflow of an object in the frame is one" "$($PROG 2>&1)" "stack-buffer-overflow"
else
	pass "-fsanitize=address # skipped: not here"
fi
cat >leaves.c <<'EOF'
#include <stdlib.h>
int main(int argc, char **argv)
{
	char *s = malloc(16);
	s[argc + 15] = argv[0][0];
	argc = s[argc + 15];
	free(s);
	return argc == 0;
}
EOF
"$GOATCC" -g -fgoat-heap2stack -fsanitize=address leaves.c -o prog 2>/dev/null &&
	has "an overflow of a moved malloc is one" "$($PROG 2>&1)" "stack-buffer-overflow"

# ---- Debug information ----

cat >debug.c <<'EOF'
#include <goat.h>
struct point { int x, y; };
int *kept; struct point *corner;
__attribute__((noipa)) void stop(void) { __asm__ volatile(""); }
__attribute__((noipa)) int run(int par, struct point at, int n)
{
	int var = 5;
	int arr[3] = { 1, 2, 3 };
	int vla[n];
	kept = &var; kept = &par; kept = arr; kept = vla; corner = &at;
	vla[1] = 77;
	stop();
	var += par; par = 100; arr[1] = 20; at.y = 8;
	stop();
	for (int i = 0; i < 1; i++) { int inner = 9; kept = &inner; stop(); inner++; }
	return var + par;
}
int main(void) { return run(7, (struct point){ 1, 2 }, 4) == 0; }
EOF
cat >commands <<'EOF'
break stop
run
up
printf "var=%d par=%d arr=%d at=%d\n", var, par, arr[1], at.y
printf "vla=%d size=%d\n", vla[1], sizeof(vla)
ptype at
continue
up
printf "var=%d par=%d arr=%d at=%d\n", var, par, arr[1], at.y
set var var = 50
printf "var=%d\n", var
continue
up
printf "inner=%d\n", inner
bt 1
EOF
if need gdb "gdb prints moved variables"; then
	"$GOATCC" -g debug.c -o prog
	seen=$(timeout 30 gdb -batch -nx -x commands ./prog 2>&1 | grep -E '^(var|vla|inner|type)[ =]')
	is "gdb prints moved variables" "$seen" "var=5 par=7 arr=2 at=2
vla=77 size=16
type = struct point {
var=12 par=100 arr=20 at=8
var=50
inner=9"
	# Optimised, a size that is not needed any more is gone, as with gcc alone.
	"$GOATCC" -g -Og debug.c -o prog
	seen=$(sed '/vla/d' commands >optimised; timeout 30 gdb -batch -nx -x optimised ./prog 2>&1 |
		grep -E '^(var|inner)=')
	is "gdb prints moved variables, -Og" "$seen" "var=5 par=7 arr=2 at=2
var=12 par=100 arr=20 at=8
var=50
inner=9"
fi

# ---- Caches and precompiled headers ----

if need ccache "ccache"; then
	export CCACHE_DIR="$scratch/cache"
	compiler=$("$GOATCC" --show -c two.c | sed 's/ .*//')
	for direct in true false; do
		export CCACHE_DIRECT=1
		[ $direct = true ] || { unset CCACHE_DIRECT; export CCACHE_NODIRECT=1; }
		ccache -z >/dev/null
		for round in 1 2; do
			for unit in two corner; do
				GOAT_CC="ccache $compiler" "$GOATCC" -O2 -c $unit.c -o $unit.o 2>&1
			done
		done
		is "what ccache gives back runs, direct mode: $direct" "$("$GOATCC" two.o corner.o -o prog && $PROG)" \
			"$want"
		hits=$(ccache --print-stats | sed -n "s/^\(direct\|preprocessed\)_cache_hit[[:space:]]*//p" | paste -sd+ - | bc)
		ok "the second round hits, direct mode: $direct" test "$hits" -ge 2
	done
	unset CCACHE_NODIRECT
fi

mkdir pch
cat >pch/all.h <<'EOF'
#include <goat.h>
#include <stdlib.h>
struct point { int x, y; };
struct line { struct point; int length; };
EOF
cat >pch/prog.c <<'EOF'
#include "all.h"
int *local(int n) { int x = n; return &x; }
int main(void)
{
	struct line l = { .length = 3 };
	struct point *p = &l;
	int *a = local(1), *b = local(2);
	l.x = 4;
	printf("%d %d %d %d\n", *a, *b, p->x, *new(int, 5));
	return 0;
}
EOF
"$GOATCC" -O2 pch/all.h -o pch/all.h.gch
seen=$("$GOATCC" -O2 -Winvalid-pch -Wall -Wextra pch/prog.c -o prog 2>&1 && $PROG)
is "a precompiled header brings <goat.h>" "$seen" "1 2 4 5"
echo '#error "not the precompiled header"' >>pch/all.h
touch -r pch/all.h.gch pch/all.h
is "and is what is used" "$("$GOATCC" -O2 -Winvalid-pch pch/prog.c -o prog 2>&1 && $PROG)" "1 2 4 5"

finish

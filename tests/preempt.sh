#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# preempt.sh: where the polls are that let other goroutines run, and where addresses of the thread's own
# are asked for, in the instructions that GCC makes.

. "$(dirname "$0")/lib.sh"
make_scratch
cd "$scratch" || exit 99

cat >loops.c <<'EOF'
#include <goat.h>
int counted(const int *a, size_t n) { int s = 0; for (size_t i = 0; i < n; i++) s += a[i]; return s; }
int brief(const int *a) { int s = 0; for (int i = 0; i < 100; i++) s += a[i] * 3; return s; }
int nest(int *a) { int s = 0; for (int i = 0; i < 1000; i++) for (int k = 0; k < 1000; k++) s += a[k] ^ i; return s; }
int calls(int (*f)(int)) { int s = 0; for (int i = 0; i < 100; i++) s += f(i); return s; }
int fact(int n) { return n < 2 ? 1 : n * fact(n - 1) + fact(n - 2); }
int odd(int n);
__attribute__((noinline)) int even(int n) { return n < 1 || odd(n - 1) + 1; }
__attribute__((noinline)) int odd(int n) { return n > 0 && even(n - 1) - 1; }
size_t length(void **p) { size_t n = 0; while (p != NULL) { n++; p = *p; } return n; }
int plain(int n) { return n + 1; }
static __attribute__((noinline)) int clone(int *a, int step, int n) { return n > 0 ? clone(a, step, n - 1) + step : *a; }
int cloned(int *a) { return clone(a, 3, *a); }
static void worker(volatile int *stop) { while (!*stop) continue; }
void starts(volatile int *stop) { go worker(stop); }
char large(int n) { char text[100000]; for (int i = 0; i < n; i++) text[i] = i; goat_yield(); return text[n]; }
char sized(int n) { char text[n]; for (int i = 0; i < n; i++) text[i] = i; goat_yield(); return text[0]; }
int little(int n) { char text[2000]; for (int i = 0; i < 2000; i++) text[i] = i; goat_yield(); return text[n]; }
void block(chan(int) c) { go { for (int i = 0;; i++) chan_send(c, i); } }
EOF

# polls FUNCTION FLAG...: how many there are in it and in what GCC has made of it.
polls() {
	function=$1
	shift
	"$GOATCC" "$@" -S loops.c -o loops.s || return
	awk -v "f=^$function[.:]" '$1 ~ f { on = 1 } on && /goat_preempting|goat_stackguard/ { n++ }
		on && /\.cfi_endproc/ { on = 0 } END { print n + 0 }' loops.s
}

for level in -O0 -O1 -O2 -O3 -Os "-O2 -fPIC" "-O2 -g"; do
	for f in counted nest calls fact even odd block.func1; do
		n=$(polls $f $level)
		ok "$level: $f has a poll" test "$n" -gt 0
	done
	is "$level: plain has none" "$(polls plain $level)" 0
	is "$level: -fgoat-no-preempt" "$(polls counted $level -fgoat-no-preempt)" 0
done
is "brief has none" "$(polls brief -O2)" 0
# What the passes make polls of is theirs, whenever GCC looks for garbage.
for level in -O0 -O2; do
	ok "$level: GCC's collector" "$GOATCC" $level --param ggc-min-expand=0 --param ggc-min-heapsize=0 -c loops.c -o loops.o
done
for level in -O0 -O1 -O2 -O3; do
	for f in large sized little; do
		"$GOATCC" $level -S loops.c -o loops.s
		ok "$level: $f looks at the stack" awk -v "f=$f:" '$1 == f { on = 1 } on && /goat_stackguard/ { n++ }
			on && /\.cfi_endproc/ { on = 0 } END { exit n != 1 }' loops.s
	done
done
for level in -O1 -O2 -O3; do
	ok "$level: a clone looks at the stack" test "$(polls clone $level)" -gt 0
	ok "$level: what is inlined into the start of a goroutine has a poll" \
		test $(($(polls goat.go.0 $level) + $(polls worker $level))) -gt 0
done

# rounds FUNCTION: how many polls are between a label of it and a jump back to that.
rounds() {
	awk -v "f=$1:" '$1 == f { on = 1 } /\.cfi_endproc/ { on = 0 } !on { next }
		/^\.L[0-9]+:/ { sub(":", "", $1); at[$1] = polls } /goat_preempting/ { polls++ }
		$1 ~ /^j/ && $1 != "jmp" && ($2 in at) { n += polls - at[$2] } END { print n + 0 }' loops.s
}
case $("$GOATCC" -dumpmachine) in
x86_64-*)
	"$GOATCC" -O2 -S loops.c -o loops.s
	is "counted's rounds have none" "$(rounds counted)" 0
	is "nest's rounds have none" "$(rounds nest)" 0
	is "length's rounds have one" "$(rounds length)" 1
	;;
esac
case $("$GOATCC" -dumpmachine) in
x86_64-*)
	"$GOATCC" -O3 -S loops.c -o loops.s
	ok "vectors" grep -q paddd loops.s
	;;
esac
"$GOATCC" -O2 -flto -c loops.c -o loops.o
"$GOATCC" -O2 -flto -shared -fPIC loops.c -o loops.so
has "-flto" "$(nm -D loops.so)" goat_preempting
echo 'int f(const int *a, int n) { int s = 0; while (n--) s += a[n]; return s; }' >other.c
"$GOATCC" -O2 -S other.c -o other.s
is "plain C has no polls" "$(grep -c goat_preempting other.s)" 0

# ---- What belongs to the thread ----

cat >thread.c <<'EOF'
#include <goat.h>
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
void park(void);
_Thread_local int v;
int twice(void) { int e = errno; park(); return e + errno; }
int mine(void) { v++; park(); return v++; }
int same(void) { pthread_t t = pthread_self(); park(); return t == pthread_self(); }
void late(int f(void)) { errno = f(); v = f(); }
EOF
for level in -O0 -O2 "-O3 -fPIC" "-O2 -fPIE"; do
	"$GOATCC" $level -S thread.c -o thread.s
	calls=$(awk '$1 ~ /^(twice|mine|same|late):$/ { f = $1 } $1 == "call" { print f $2 } /\.cfi_endproc/ { f = "" }' thread.s |
		sed 's/@PLT//; s/:\*.*/:f/; s/goat\.tls\.0/v/' | tr '\n' ' ')
	want="twice:__errno_location twice:park twice:__errno_location mine:v mine:park mine:v"
	has "$level: errno and v" "$calls" "$want"
	has "$level: pthread_self" "$calls" "same:pthread_self same:park same:pthread_self"
	has "$level: stored after the call" "$calls" "late:f late:__errno_location late:f late:v"
done
finish

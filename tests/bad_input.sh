#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# bad_input.sh: what is wrong gets a clear message, and what is not C is gcc's own business.

. "$(dirname "$0")/lib.sh"
make_scratch
cd "$scratch" || exit 99

cat >good.c <<'EOF'
#include <goat.h>
int *kept;
int main(void) { int x = 1; kept = &x; return *kept - 1; }
EOF

# said NAME PART ARGUMENT...: the compiler fails, says PART, and no internal error.
said() {
	name=$1 part=$2
	shift 2
	seen=$("$GOATCC" "$@" 2>&1)
	status=$?
	case $status:$seen in
	*"internal compiler error"*) fail "$name" "$seen" ;;
	0:*) fail "$name" "it succeeded: $seen" ;;
	*"$part"*) pass "$name" ;;
	*) fail "$name" "no '$part' in: $seen" ;;
	esac
}

# same NAME ARGUMENT...: status and output of plain gcc.
same() {
	name=$1
	shift
	want=$($GCC "$@" 2>&1 </dev/null; echo " status $?")
	is "$name" "$("$GOATCC" "$@" 2>&1 </dev/null; echo " status $?")" "$want"
}

# ---- Options ----

said "unknown option" "unrecognized option '-fgoat-heap2stak'; did you mean '-fgoat-heap2stack'?" \
	-c good.c -fgoat-heap2stak
said "nothing like it" "unrecognized option '-fgoat-zzzzzz'" -c good.c -fgoat-zzzzzz
said "bad value" "bad value '7' for '-fgoat-m'" -c good.c -fgoat-m=7
said "a value too many" "bad value 'yes' for '-fgoat-heap2stack'" -c good.c -fgoat-heap2stack=yes
said "no value" "-fgoat-json" -c good.c -fgoat-json
said "bad expression" "-fgoat-filter" -c good.c '-fgoat-filter=('
said "JSON file that cannot be written" "no/such/dir.json" -c good.c -fgoat-json=no/such/dir.json
mkdir dir
said "JSON file that is a directory" "dir" -c good.c -fgoat-json=dir
if [ -w /dev/full ]; then
	said "JSON file on a full disk" "/dev/full" -c good.c -fgoat-json=/dev/full
fi

# ---- Sources ----

cat >syntax.c <<'EOF'
#include <goat.h>
int *f(void) { int x = ; return &x; }
int g(void) { int *p = new(int; return *p; }
int h(void) { return new(struct unknown)->a; }
EOF
said "syntax errors" "expected expression before" -c syntax.c
echo '#include <goat.h>
int *f(void) { int *p = new(nosuchtype); return p; }' >type.c
said "a type that is not there" "nosuchtype" -c type.c
echo '#include <goat.h>
struct s; void *f(void) { return new(struct s); }' >incomplete.c
said "an incomplete type" "error: 'new' of incomplete type 'struct s'" -c incomplete.c
echo '#include <goat.h>
int *f(void) { return new(int(void)); }' >function.c
said "a function type" "'new' of function type" -c function.c
echo '#include <goat.h>
void *f(void) { return new(void); }' >void.c
said "void" "'new' of incomplete type 'void'" -c void.c
echo '#include <goat.h>
int *f(int n) { return *new(int[n]); }' >vla.c
ok "an array of a size that is not constant" "$GOATCC" -c vla.c
echo '#include <goat.h>
int *p = new(int);' >static.c
said "new() in a static initialiser" "constant" -c static.c
echo 'int f(void) { return 0' >open.c
said "an end in the middle" "expected" -c open.c
printf '#include <goat.h>\nint f(void) { return "\001\377' >bytes.c
said "bytes" "error" -c bytes.c
: >empty.c
same "an empty file" -c empty.c
same "an empty file, pedantic" -pedantic -c empty.c
same "no file" -c none.c
echo 'class A { int x; public: A(): x(new int == nullptr) {} }; A a;' >plus.cc
same "C++" -c plus.cc
same "C++ with errors" -c plus.cc -DA=1
printf '\t.globl g\ng:\n\tret\n' >asm.s
printf '#define G g\n\t.globl G\nG:\n\tret\n' >pre.S
same "assembler" -c asm.s
same "preprocessed assembler" -c pre.S
printf '\tnosuch %%eax\n' >bad.s
same "bad assembler" -c bad.s
echo 'int f(int *p) { return *p; }' >plain.c
same "-E" -E plain.c
same "-fsyntax-only" -fsyntax-only plain.c
same "-fsyntax-only with errors" -fsyntax-only open.c
same "-M" -M plain.c
same "-S" -S plain.c -o -
same "-dM" -E -dD plain.c -U__GOAT__ -o /dev/null
ok "-E of annotated C" "$GOATCC" -E good.c -o good.i
ok "compiles again" "$GOATCC" good.i -o again
ok "and moves" ./again
is "-fsyntax-only reports" "$("$GOATCC" -fsyntax-only -fgoat-m good.c 2>&1 | grep -c 'moved to heap: x')" 1
seen=$($GCC -isystem "$TOP_SRCDIR/runtime/include" -c good.c 2>&1)
has "gcc alone" "$seen" "compile with goatcc"
echo '#include <goat.h>' >header.cc
has "goat.h in C++" "$("$GOATCC" -c header.cc 2>&1)" "goat.h is for C"

# ---- Goroutines ----

# unfit NAME PART BODY: a function with BODY gets PART.
unfit() {
	printf '#include <goat.h>\n#include <stdarg.h>\nvoid use(void *); int twice(void) __attribute__((returns_twice));
typedef slice(int) ints;\nvoid f(int n, ...)\n{\n%s\n}\n' "$3" >unfit.c
	said "$1" "$2" -O2 -c unfit.c -o unfit.o
}
unfit "variable size in go" "unfit.c:9:1: sorry, unimplemented: go block uses 'a', of variable size" 'int a[n];

go { a[0] = 1; use(a); }'
unfit "va_list in go" "go block uses 'ap', arguments of a call" 'va_list ap; va_start(ap, n); go { use(va_arg(ap, void *)); }'
unfit "nested function" "nested function 'in'" 'void in(int k) { n += k; } go in(3);'
unfit "nested function in go block" "nested function 'in'" 'void in(int k) { n += k; } go { in(3); }'
unfit "left alone" "go block uses 'n', which changes" 'if (twice()) n = 3; go { n++; }'
unfit "alloca" "'go' of a call that belongs to its place" 'go (void)__builtin_alloca(n);'
unfit "copy" "'go' of a word of '<goat.h>'" 'ints a = {0}; go copy(a, a);'
unfit "register" "go block uses 'r', which is in a register" 'register int r asm("r12") = n; go { use((void *)(long)r); }'

# ---- Size ----

# 10 MB of functions that call each other.
awk 'BEGIN {
	print "struct s { struct s *next; int n; }; void *malloc(unsigned long); void free(void *);"
	for (i = 0; size < 10e6; i++) {
		text = sprintf("struct s *f%d(struct s *p, int n)\n{\n\tstruct s a = { p, n }, *q = &a;\n" \
			"\tint *m = malloc(16);\n\tfor (int i = 0; i < n; i++) {\n\t\tm[i & 3] = n * i;\n" \
			"\t\tq->n += m[0];\n\t}\n\tif (n > 3)\n\t\tq->next = f%d(p, n - 1);\n\tn += q->n;\n" \
			"\tfree(m);\n\treturn n ? p : q->next;\n}\n", i, i > 0 ? i - 1 : 0)
		size += length(text)
		print text
	}
}' >large.c
measure() {
	/usr/bin/env python3 -c 'import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
use = resource.getrusage(resource.RUSAGE_CHILDREN)
print(status, round(use.ru_utime + use.ru_stime, 1), use.ru_maxrss // 1024)' "$@" 2>&1 | tail -1
}
if command -v python3 >/dev/null; then
	plain=$(measure $GCC -w -O0 -c large.c -o large.o)
	ours=$(measure "$GOATCC" -w -O0 -fgoat-heap2stack -c large.c -o large.o)
	echo "# 10 MB of C: status, seconds, MB: gcc $plain, goatcc $ours"
	set -- $plain $ours
	is "10 MB of C compile" "$4" 0
	ok "in a time in proportion" awk "BEGIN { exit !($5 < 2 * $2 + 5) }"
	ok "and memory" awk "BEGIN { exit !($6 < 2 * $3 + 100) }"
fi

finish

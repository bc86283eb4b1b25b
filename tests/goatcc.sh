#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# goatcc.sh: the wrapper takes every command line that gcc takes and adds what is needed, no more.
#
# Most cases look at the command (--show), or do the same with gcc and goatcc and compare; the
# programs are plain C, so that only the wrapper is tried.

. "$(dirname "$0")/lib.sh"
make_scratch
mkdir "$scratch/w o r k"
cd "$scratch/w o r k" || exit 99

echo 'int main(void) { return 0; }' >a.c
echo 'int f(void) { return 7; }' >f.c
echo 'extern "C" int main() { struct S { int x = 0; } s; return s.x; }' >p.cc
printf '\t.globl g\ng:\n\tret\n' >g.s
printf '#define G g\n\t.globl G\nG:\n\tret\n' >G.S
printf '#include <goat.h>\n#ifndef GOAT_H_SEEN\nint goat;\n#endif\n' >h.c

# gcc's own behaviour is the expectation: same status, same standard output.
same() {
	name=$1
	shift
	want=$($GCC "$@" 2>/dev/null </dev/null; echo " status $?")
	have=$("$GOATCC" "$@" 2>/dev/null </dev/null; echo " status $?")
	is "$name" "$have" "$want"
}

shown() {
	"$GOATCC" --show "$@"
}

links() {
	name=$1
	shift
	has "links the runtime: $name" "$(shown "$@")" goat.a
}

links_not() {
	name=$1
	shift
	lacks "leaves the runtime out: $name" "$(shown "$@")" push-state
}

# ---- The command ----

has "the plugin comes first" "$(shown -fgoat-m a.c)" "-fplugin=$TOP_BUILDDIR/plugin/goat.so "
is "an option is spelled out" "$(shown -c a.c -fgoat-m | sed 's/.* a.c //')" -fplugin-arg-goat-m
is "with its value" "$(shown -c a.c -fgoat-m=2 | sed 's/.* a.c //')" -fplugin-arg-goat-m=2
is "with any value" "$(shown -c a.c "-fgoat-json=a b'\$x\"=" | sed 's/.* a.c //')" \
	"'-fplugin-arg-goat-json=a b'\\''\$x\"='"
is "empty, quoted and odd arguments" "$(shown -c '' "it's" 'a  b' '$x' '*' '\' | sed 's/.* -c //')" \
	"'' 'it'\\''s' 'a  b' '\$x' '*' '\\'"
is "a newline in an argument" "$(shown -c 'a
b' | sed '1s/.* -c //')" "'a
b'"
has "an option after -o is a name" "$(shown a.c -o -fgoat-m)" "-o -fgoat-m"
eval "set -- $(shown -c 'sp ace.c' "-DX='y'")"
is "what is shown reads back" "$*" "$(shown -c f.c | sed 's/ -c f.c//') -c sp ace.c -DX='y'"
is "more than nine arguments" "$(shown -c -fgoat-m 3 4 5 6 7 8 9 10 11 12 -fgoat-l | sed 's/.* -c //')" \
	"-fplugin-arg-goat-m 3 4 5 6 7 8 9 10 11 12 -fplugin-arg-goat-l"
is "--show runs nothing" "$(shown a.c -o never >/dev/null; ls never 2>/dev/null)" ""

# ---- When the runtime is linked ----

links "a C file" a.c
links "objects" a.o b.o
links "an archive" libx.a -o x
links "-o" a.c -o -c
links "standard input" -x c -
links "-MD and -MMD" -MD -MMD -MF a.d a.c
links "linker options alone" -Wl,--whole-archive,x.a
links "-###" -### a.c
links "C++" p.cc
links "-c as the value of an option" -include -c -D -S a.c
for mode in -c -S -E -M -MM -fsyntax-only -r -nostdlib -nodefaultlibs --compile --preprocess; do
	links_not "$mode" $mode a.c
	links_not "$mode last" a.c $mode
done
for query in -dumpversion -dumpmachine -print-search-dirs -print-file-name=plugin -v -###; do
	links_not "$query" $query
done
links_not "no input" -O2 -o x
links_not "a header" pre.h
links_not "a header by -x" -x c-header a.c
links_not "a header by -x, joined" -xc++-header a.c -xnone -o a.gch
links "a header and a C file" pre.h a.c
links "a header as C" -x c pre.h
has "-shared links the shared runtime" "$(shown -shared f.c)" "-lgoat"
is "the runtime is last" "$(shown a.c -lm -o x | sed 's/.*-lm -o x //; s/ .*//')" \
	"-L$TOP_BUILDDIR/.libs"

needed() {
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | tr '\n' ' '
}

"$GOATCC" a.c -o plain && $GCC a.c -o reference
is "plain C gets no new library" "$(needed plain)" "$(needed reference)"
"$GOATCC" -shared -fPIC f.c -o libf.so && $GCC -shared -fPIC f.c -o libr.so
is "nor does a shared library" "$(needed libf.so)" "$(needed libr.so)"

# ---- As gcc does ----

same "no arguments"
same "-dumpversion" -dumpversion
same "-dumpfullversion" -dumpfullversion
same "-dumpmachine" -dumpmachine
same "-print-prog-name" -print-prog-name=ld
same "-print-multiarch" -print-multiarch
same "-print-search-dirs" -print-search-dirs
same "-v alone" -v
same "an unknown option" -fno-such-thing -c a.c
same "a missing file" -c none.c
same "a missing response file" -c @none
same "an empty argument" -c ''
same "C++" -c p.cc -o p.o
same "C++ with -x" -x c++ -c a.c -o p.o
same "assembler" -c g.s -o g.o
same "assembler with cpp" -c G.S -o G.o
same "-S to standard output" -S -O2 f.c -o -
same "-M" -M f.c
same "-E of assembler" -E G.S
same "-E of C" -E f.c
same "--help=" --help=optimizers
same "an unwritable output" -c a.c -o none/such/a.o
same "-fsyntax-only" -fsyntax-only f.c
same "a syntax error" -c g.s -x c

ok "objects" "$GOATCC" -c a.c f.c
ok "objects linked" "$GOATCC" a.o f.o -o linked
ok "the program runs" ./linked
ok "C++ linked" "$GOATCC" p.cc -o cxx
ok "with assembler" "$GOATCC" a.c g.s G.S -Wl,-z,muldefs -o asm
ok "from standard input" sh -c '"$GOATCC" -x c - -o stdin <a.c && ./stdin'
ok "-r" "$GOATCC" -r a.o f.o -o both.o
ok "-nostdlib" "$GOATCC" -nostdlib -shared f.c -o nolib.so
ok "-static" sh -c '"$GOATCC" -static a.c -o static && ./static'
ok "-flto" sh -c '"$GOATCC" -O2 -flto a.c f.c -o lto && ./lto'
ok "-pipe -save-temps" "$GOATCC" -pipe -save-temps=obj -c f.c -o saved.o
ok "preprocessed input" sh -c '"$GOATCC" -E f.c -o f.i && "$GOATCC" -Werror -c f.i -o fi.o'
ok "a precompiled header" sh -c '
	echo "int f(void);" >pre.h
	"$GOATCC" pre.h -o pre.h.gch && echo "#error not used" >pre.h &&
	"$GOATCC" -Werror -Winvalid-pch -include pre.h -c f.c -o pre.o'
ok "several sources and -o with a space" sh -c '"$GOATCC" a.c f.c -o "out put" && "./out put"'
ok "an output named like an option" sh -c '"$GOATCC" a.c -o ./-c && ./-c'
ok "goat.h is found" "$GOATCC" -E -DGOAT_NO_KEYWORDS h.c -o h.i
ok "a system include path is not disturbed" sh -c 'echo "#include <stdio.h>" | "$GOATCC" -Werror -x c -c - -o s.o'
is "__GOAT__ is there with -E" "$(echo __GOAT__ | "$GOATCC" -E -P -x c -)" 1

# ---- Response files ----

printf '%s\n' '-c a.c' '-o  "from file.o"' >args
ok "a response file" sh -c '"$GOATCC" @args && test -f "from file.o"'
lacks "its -c is seen" "$(shown @args)" push-state
printf '%s\n' "f.c -DA='x  y' -DB=\"it's\" -DC=\\'\\\\ '' -fgoat-m=2 \"a
b\"" >goatargs
is "-fgoat- in one" "$(shown -c @goatargs -O2 | sed '1s/.* -c //')" \
	"f.c '-DA=x  y' '-DB=it'\\''s' '-DC='\\''\\' '' -fplugin-arg-goat-m=2 'a
b' -O2"
printf '%s\n' a.c >plainargs
is "one without stays a file" "$(shown -c @plainargs | sed 's/.* -c //')" @plainargs
links "its inputs are seen" @plainargs
printf '%s\n' @args >nested
lacks "one in another" "$(shown @nested)" push-state
awk 'BEGIN { for (i = 0; i < 5000; i++) print "-DX" i "=1"; print "-c a.c -o many.o" }' >manyargs
ok "a long one" sh -c '"$GOATCC" @manyargs && test -f many.o'
# shellcheck disable=SC2046
ok "a long command line" "$GOATCC" $(sed 's/-c a.c.*//' manyargs | head -n 3000) -fgoat-l -c a.c -o long.o

# ---- Its own options ----

has "--help" "$("$GOATCC" --help)" "-fgoat-heap2stack"
has "--help names the compiler" "$("$GOATCC" --help)" "$GCC"
is "--help succeeds quietly" "$("$GOATCC" --help 2>&1 >/dev/null; echo $?)" 0
is "--version begins as gcc's" "$("$GOATCC" --version | head -n 1)" "$($GCC --version | head -n 1)"
has "--version names goat" "$("$GOATCC" --version)" "goatcc (goat) "

# ---- GOAT_CC ----

is "chooses the compiler" "$(GOAT_CC=/bin/echo "$GOATCC" -c a.c | sed 's/.* -c/-c/')" "-c a.c"
is "may have arguments" "$(GOAT_CC="/bin/echo -m64" "$GOATCC" -c a.c | sed 's/ .*//')" "-m64"
is "empty is unset" "$(GOAT_CC= "$GOATCC" -dumpmachine)" "$($GCC -dumpmachine)"
said=$(GOAT_CC=gcc-none "$GOATCC" -c a.c 2>&1)
is "not there: fails" "$?" 1
is "not there: says so" "$said" "goatcc: error: cannot find the compiler 'gcc-none' that GOAT_CC names"
said=$(GOAT_CC=goatcc "$GOATCC" -c a.c 2>&1)
is "itself: fails" "$?" 1
has "itself: says so" "$said" "is goatcc itself"

# ---- Through a link, from elsewhere, as the compiler of others' builds ----

ln -s "$GOATCC" link
ok "by a symbolic link" ./link -c a.c -o link.o
ok "from another directory" sh -c 'cd / && "$GOATCC" -c "$OLDPWD/a.c" -o "$OLDPWD/else.o"'
ok "by its name in PATH" sh -c 'PATH=${GOATCC%/*}:$PATH && goatcc -c a.c -o path.o'
ok "in the background of make -j" sh -c '
	printf ".PHONY: all\nall: m1.o m2.o m3.o m4.o\n%%.o:\n\t\$(CC) -c f.c -o \$@\n" >Makefile
	MAKEFLAGS= make -j4 CC="$GOATCC"'
finish

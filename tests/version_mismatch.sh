#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# version_mismatch.sh: a compiler that the plugin is not for gets one error, with every field that
# differs and what to do, whatever it compiles; a plugin without its other half gets one as well.

. "$(dirname "$0")/lib.sh"
make_scratch
cd "$scratch" || exit 99

major=${GCC_VERSION%%.*}
other=
for v in 11 12 13 14 15 16; do
	[ "$v" = "$major" ] || ! command -v "gcc-$v" >/dev/null || other=$v
done
[ -n "$other" ] || skip "no second gcc"
version=$("gcc-$other" -dumpfullversion)

echo 'int main(void) { return 0; }' >a.c
cp a.c a.cc

said=$(GOAT_CC=gcc-$other "$GOATCC" -c a.c 2>&1)
is "the compiler fails" "$?" 1
ok "it leaves no object" test ! -e a.o
is "one error" "$(printf '%s\n' "$said" | grep -c 'error:')" 1
lacks "not an internal one" "$said" "internal compiler error"
has "names both versions" "$said" "built for gcc $GCC_VERSION and does not fit gcc $version"
has "basever" "$said" "basever: have '$version', want '$GCC_VERSION'"
has "datestamp" "$said" "datestamp: have '"
has "configuration_arguments" "$said" "configuration_arguments:"
has "their words that differ" "$said" "--program-suffix=-$other"
lacks "and only those" "$said" "--prefix=/usr"
has "how to get the compiler" "$said" "GOAT_CC=gcc-$major"
has "how to get the plugin" "$said" "--with-gcc=$other"

ok "an unused gcc-$other still works" "gcc-$other" -c a.c
said=$(GOAT_CC=gcc-$other "$GOATCC" -E a.c 2>&1)
is "-E fails" "$?" 1
has "-E says the same" "$said" "does not fit"
if command -v "g++-$other" >/dev/null; then
	said=$(GOAT_CC=g++-$other "$GOATCC" -c a.cc 2>&1)
	is "C++ fails" "$?" 1
	has "C++ says the same" "$said" "does not fit"
fi
GOAT_CC=gcc-$other "$GOATCC" --version >version 2>&1
is "--version needs no plugin" "$?" 0

# The two halves belong together.
mkdir half
cp "$TOP_BUILDDIR/plugin/goat.so" half
said=$($GCC -iplugindir=half -fplugin=goat -c a.c 2>&1)
is "without goat_impl.so: fails" "$?" 1
has "without goat_impl.so: says so" "$said" "error: cannot load goat_impl.so"
has "without goat_impl.so: where it looked" "$said" "half/goat_impl.so"
has "without goat_impl.so: what to do" "$said" "beside goat.so"
cp half/goat.so half/goat_impl.so
said=$($GCC -iplugindir=half -fplugin=goat -c a.c 2>&1)
is "another goat_impl.so: fails" "$?" 1
has "another goat_impl.so: says so" "$said" "goat_impl.so is not of this build"
finish

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# interop.sh: with what is not ours. An absent tool is a skip.

. "$(dirname "$0")/lib.sh"
make_scratch
CXX=$(printf '%s\n' "$GCC" | sed 's,gcc\([^/]*\)$,g++\1,')
command -v "$CXX" >/dev/null || skip "no $CXX"
here=$TOP_SRCDIR/tests/interop

# Panics through C++, by the archive and by the shared library, and with a libgcc for each of both.
for level in 0 2; do
	ok "C++ compiles at -O$level" "$CXX" -O$level -c "$here/through.cc" -o "$scratch/through.o"
	ok "links" "$GOATCC" -O$level "$here/cxx.c" "$scratch/through.o" -lstdc++ -o "$scratch/cxx"
	is "panics and exceptions, -O$level" "$("$scratch/cxx" 2>&1)" "$(cat "$here/cxx.out")"
done
ok "C++ compiles for a library" "$CXX" -O2 -fPIC -shared -static-libgcc "$here/through.cc" \
	-o "$scratch/libthrough.so"
ok "links with the library" "$GOATCC" -O2 "$here/cxx.c" -L"$scratch" -lthrough -Wl,-rpath,"$scratch" \
	-o "$scratch/cxx"
is "panics and exceptions of a library" "$("$scratch/cxx" 2>&1)" "$(cat "$here/cxx.out")"

# A library that is loaded, unloaded, and loaded again elsewhere or at the same place; and with the
# runtime's archive in the program and its shared library behind the other.
ok "a library" "$GOATCC" -O2 -fPIC -shared "$here/loaded.c" -o "$scratch/libloaded.so"
for flag in "" -rdynamic; do
	ok "a program that loads it $flag" "$GOATCC" -O2 $flag "$here/loads.c" -o "$scratch/loads"
	is "panics of a library that was loaded $flag" "$("$scratch/loads" "$scratch/libloaded.so" 2>&1)" \
		"$(cat "$here/loads.out")"
done
ok "links statically" "$GOATCC" -O2 -w -static "$here/static.c" -o "$scratch/static"
is "a static program" "$("$scratch/static" 2>&1 | head -n 4)" "$(cat "$here/static.out")"
finish

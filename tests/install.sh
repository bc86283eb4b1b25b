#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# install.sh: what `make install` puts in place works from there, by goatcc and by pkg-config, also
# when the files are then moved (DESTDIR), and `make uninstall` takes all of it away.

. "$(dirname "$0")/lib.sh"
make_scratch
cd "$scratch" || exit 99
prefix=$scratch/usr

make_to() {
	MAKEFLAGS='' make -s -C "$TOP_BUILDDIR" "$@" prefix="$prefix" plugindir="$prefix/plugin"
}

ok "make install" make_to install
for file in bin/goatcc include/goat.h lib/libgoat.a lib/libgoat.so lib/pkgconfig/goat.pc \
	plugin/goat.so plugin/goat_impl.so share/man/man1/goatcc.1; do
	ok "$file" test -s "$prefix/$file"
done

echo 'int main(void) { return 0; }' >plain.c
cat >heap.c <<'END'
#include <goat.h>

struct point { int x, y; };

static struct point *kept;

static void
keep(int x)
{
	kept = new(struct point, .x = x);
}

int
main(void)
{
	keep(3);
	return kept->x != 3;
}
END

export PATH="$prefix/bin:$PATH"
lacks "the build tree is not named" "$(goatcc --show heap.c)" "$TOP_BUILDDIR"
ok "goatcc" goatcc -O2 -fgoat-m heap.c -o heap
ok "the program runs" ./heap
ok "without LD_LIBRARY_PATH" sh -c 'readelf -d heap | grep -q "RUNPATH.*usr/lib"'
ok "goatcc -static" sh -c 'goatcc heap.c -static -o static && ./static'
ok "goatcc -shared" goatcc -shared -fPIC heap.c -o heap.so
ok "plain C" sh -c 'goatcc plain.c -o plain && ./plain && ! ldd plain | grep -q libgoat'

if command -v pkg-config >/dev/null; then
	export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
	ok "pkg-config" sh -c '$GCC $(pkg-config --cflags goat) heap.c -o pc $(pkg-config --libs goat)'
	ok "the program runs" env LD_LIBRARY_PATH="$prefix/lib" ./pc
	is "its version is goatcc's" "goatcc (goat) $(pkg-config --modversion goat)" \
		"$(goatcc --version | sed -n 's/^\(goatcc [^,]*\),.*/\1/p')"
fi

if command -v man >/dev/null; then
	is "the page has no warnings" "$(man --warnings -l "$prefix/share/man/man1/goatcc.1" 2>&1 >/dev/null)" ""
fi

ok "make install DESTDIR" make_to install DESTDIR="$scratch/dest"
ok "it lands below" test -s "$scratch/dest$prefix/plugin/goat_impl.so"
ok "make uninstall" make_to uninstall
is "nothing is left" "$(find "$prefix" ! -type d)" ""
finish

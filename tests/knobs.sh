#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# knobs.sh: what GOATDEBUG and GOMAXPROCS do, and that the manual page names every knob. More of seed and
# mapstack is in maps.sh, of poller in servers.sh, of gcstress in stress_sched.sh.

. "$(dirname "$0")/lib.sh"
make_scratch
cd "$scratch" || exit 99

cat >one.c <<'END'
#include <goat.h>
#include <string.h>
static volatile char *kept;
__attribute__((noinline)) static int deep(int n)
{
	char big[1024];

	memset(big, n, sizeof big);
	kept = big;
	return n == 0 ? 0 : deep(n - 1) + big[0];
}
int main(int argc, char **argv)
{
	if (argc > 1) {
		chan(int) done = make(chan(int));

		go { chan_send(done, deep(100000)); }
		printf("%d\n", chan_recv(done) != 0);
	}
	for (int i = 0; i < 3; i++)
		goat_gc();
	printf("%d\n", goat_maxprocs(0));
}
END
"$GOATCC" -O1 one.c -o one || exit 99

knobs=$(sed -n 's/^KNOB(\([a-z]*\),.*/\1/p' "$TOP_SRCDIR/runtime/knobs.def" | sort)
is "GOATDEBUG=help lists all" "$(GOATDEBUG=help ./one 2>&1 >/dev/null | sed 's/ .*//' | sort)" "$knobs"
for knob in $knobs; do
	ok "the manual page names $knob" grep -q "^\.B.* $knob=" "$TOP_SRCDIR/tools/goatcc.1.in"
done

is "GOMAXPROCS=3" "$(GOMAXPROCS=3 ./one)" 3
is "GOMAXPROCS that is no number" "$(GOMAXPROCS=many ./one)" "$(env -u GOMAXPROCS ./one)"
is "what is not known is passed over" "$(GOMAXPROCS=1 GOATDEBUG=no=1,such,=,gctrace=0 ./one 2>&1)" 1

said=$(GOATDEBUG=seed=1,gctrace=1 ./one 2>&1 >/dev/null | sed 's/[0-9.]\{1,\}/N/g' | sort -u)
is "gctrace=1" "$said" "gc N @Ns: N ms, N->N KB, N KB heap"

is "100 MB of stack" "$(GOMAXPROCS=1 ./one deep 2>&1)" "1
1"
said=$(GOATDEBUG=stacksize=65536 ./one deep 2>&1)
is "stacksize: status" $? 2
has "stacksize=65536" "$said" "fatal error: stack overflow"
finish

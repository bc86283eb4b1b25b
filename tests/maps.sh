#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# maps.sh: maps of several units and libraries are of the same types; which functions of the runtime
# compiled code calls.

. "$(dirname "$0")/lib.sh"
make_scratch
cd "$scratch" || exit 99

cat >dict.h <<'END'
#include <goat.h>
typedef struct word { long a, b, c; string text; } word;
typedef map(string, int) counts;
typedef map(word, counts) index_map;
typedef map(any, any) bag;
typedef struct box { counts c; index_map by_word; bag any; } box;
void fill(box *b, int n);
void drop(counts c, index_map m, int n);
int sum(map(string, int) m);
map(string, int) find(index_map m, word w);
any key(int i);
int odd_fill(void);
int odd_look(any a);
any odd_map(void);
END
cat >fill.c <<'END'
#include "dict.h"
typedef struct odd { char a; int b; } odd;      // not the one of look.c
static char names[1000][16];
any key(int i) { return i % 2 ? as(any, i) : as(any, ((word){ i, i, i, str(names[i]) })); }
void fill(box *b, int n)
{
	b->c = make(counts);
	b->by_word = make(index_map, n);
	b->any = make(bag);
	for (int i = 0; i < n; i++) {
		sprintf(names[i], "w%d", i);
		map_set(b->c, str(names[i]), i);
		map_set(b->by_word, ((word){ i, i, i, str(names[i]) }), b->c);
		map_set(b->any, key(i), as(any, b->c));
	}
}
any odd_map(void)
{
	map(odd, int) m = make(map(odd, int));
	for (int i = 0; i < 100; i++)
		map_set(m, ((odd){ i, i }), i);
	return as(any, m);
}
int odd_fill(void) { return (int)len(type_assert(odd_map(), map(odd, int))); }
END
cat >look.c <<'END'
#include "dict.h"
typedef struct odd { long a; char b; string c; } odd;
void drop(counts c, index_map m, int n)
{
	char s[16];
	for (int i = 0; i < n; i += 2) {
		sprintf(s, "w%d", i);
		map_delete(c, str(s));
		map_delete(m, (word){ i, i, i, str(s) });
	}
}
int sum(map(string, int) m) { int t = 0; map_range (m, k, v) t += v + (int)len(k) * 0; return t; }
map(string, int) find(index_map m, word w) { return map_get(m, w); }
int odd_look(any a)
{
	map(odd, int) m = make(map(odd, int));
	int t = 0;
	for (int i = 0; i < 100; i++)
		map_set(m, ((odd){ i, i, str("x") }), i);
	map_range (m, k, v)
		t += k.b == v && string_eq(k.c, str("x"));
	return t + (type_name(a) == NULL);
}
END
cat >main.c <<'END'
#include "dict.h"
int main(void)
{
	box b;
	char one[] = "w1";
	fill(&b, 500);
	printf("%zu %zu %zu %d\n", len(b.c), len(b.by_word), len(b.any), sum(b.c));
	printf("%d %d\n", find(b.by_word, (word){ 1, 1, 1, str(one) }) == b.c,
	       find(b.by_word, (word){ 1, 1, 2, str(one) }) == NULL);
	printf("%d\n", type_assert(map_get(b.any, key(7)), counts) == type_assert(map_get(b.any, key(8)), map(string, int)));
	drop(b.c, b.by_word, 500);
	printf("%zu %zu %s\n", len(b.c), len(b.by_word), type_name(as(any, b.by_word)));
	printf("%d %d\n", odd_fill(), odd_look(odd_map()));
	return 0;
}
END
want='500 500 500 124750
1 1
1
250 250 map(word, map(string, int))
100 100'

runs() {
	name=$1
	shift
	rm -f prog
	seen=$("$GOATCC" "$@" main.c fill.c look.c -o prog 2>&1 && timeout 20 ./prog 2>&1)
	is "$name" "$seen" "$want"
}

for level in 0 1 2 3 s; do
	runs "three units, -O$level" -O$level
done
runs "-g -fPIC" -g -fPIC
runs "-O2 -g" -O2 -g
runs "-flto" -flto -O2
runs "-flto -g" -flto -O1 -g
runs "-fno-pie" -fno-pie -no-pie -O2
runs "--gc-sections" -O2 -ffunction-sections -fdata-sections -Wl,--gc-sections
runs "-Wall -Wextra -Wshadow" -O2 -Wall -Wextra -Wshadow -Wno-missing-field-initializers
runs "-Wcast-qual -Wconversion" -O2 -Wcast-qual -Wstrict-prototypes -Wbad-function-cast
runs "-std=gnu2x" -std=gnu2x -O1
runs "-ftrack-macro-expansion=0" -ftrack-macro-expansion=0
runs "AddressSanitizer, UBSan" -O1 -fsanitize=address,undefined -g
runs "-save-temps" -save-temps -O1
runs "-fgoat-l -fgoat-m" -O1 -fgoat-l -fgoat-filter=none

rm -f prog lib*.so
seen=$("$GOATCC" -fPIC -shared -O2 fill.c -o libfill.so 2>&1 &&
	"$GOATCC" -fPIC -shared -O1 look.c -o liblook.so 2>&1 &&
	"$GOATCC" -O2 main.c -L. -lfill -llook -Wl,-rpath,"$scratch" -o prog 2>&1 && timeout 20 ./prog 2>&1)
is "shared libraries" "$seen" "$want"

mkdir pch && cp dict.h pch/ && cp main.c fill.c look.c pch/
seen=$(cd pch && "$GOATCC" -O2 dict.h -o dict.h.gch 2>&1 &&
	"$GOATCC" -O2 -Winvalid-pch main.c fill.c look.c -o prog 2>&1 && timeout 20 ./prog 2>&1)
is "precompiled header" "$seen" "$want"

# ---- what is called ----

calls() {       # calls NAME WANTED BODY: the runtime's functions that a function calls
	printf '#include <goat.h>\ntypedef struct p { int a, b, c, d; } p;\n%s\n' "$3" >one.c
	seen=$("$GOATCC" -O2 -S one.c -o - 2>&1 | sed -n 's/.*\(call\|jmp\)[[:space:]]*goat_\([a-z0-9_]*\).*/\2/p' | sort -u | tr '\n' ' ')
	is "$1" "$seen" "$2"
}
calls "32 bits" "mapaccess1_fast32 " 'int f(map(unsigned, int) m) { return map_get(m, 1); }'
calls "64 bits" "mapassign_fast64 mapconflict " 'void f(map(int *, int) m, int *k) { map_set(m, k, 1); }'
calls "128 bits" "mapaccess2_fast128 " 'int *f(map(p, int) m, p k) { return map_ptr(m, k); }'
calls "strings" "mapdelete_faststr " 'void f(map(string, int) m, string k) { map_delete(m, k); }'
calls "96 bits" "mapaccess1_bytes " 'typedef struct t { int a, b, c; } t; int f(map(t, int) m, t k) { return map_get(m, k); }'
calls "8 bits" "mapaccess1 " 'int f(map(char, int) m) { return map_get(m, 1); }'
calls "floats" "mapaccess1 " 'int f(map(double, int) m, double k) { return map_get(m, k); }'
calls "len" "" 'size_t f(map(double, int) m) { return len(m); }'
calls "a map in the frame" "makemap mapaccess1_fast32 mapassign_fast32 mapconflict " \
	'int f(int k) { map(int, int) m = make(map(int, int)); map_set(m, k, 1); return map_get(m, 2); }'

# ---- knobs ----

cat >order.c <<'END'
#include <goat.h>
int main(void)
{
	map(int, int) m = make(map(int, int));
	for (int i = 0; i < 100; i++)
		map_set(m, i, i);
	map_range (m, k, v)
		printf("%d ", k);
	return 0;
}
END
"$GOATCC" -O2 order.c -o order || exit 99

same() { if [ "$1" = "$2" ]; then echo same; else echo other; fi; }
one=$(GOATDEBUG=seed=7 ./order)
is "seed=7 twice" "$(same "$one" "$(GOATDEBUG=seed=7 ./order)")" same
is "seed=8" "$(same "$one" "$(GOATDEBUG=seed=8 ./order)")" other
is "without a seed" "$(same "$(./order)" "$(./order)")" other

cat >race.c <<'END'
#include <goat.h>
#include <pthread.h>
static map(int, int) m;
static volatile int ready;
__attribute__((noinline)) static void store(void)
{
	for (int i = 0;; i = (i + 1) % 1000)
		map_set(m, i, i);
}
static void *other(void *p)
{
	ready = 1;
	store();
	return p;
}
int main(void)
{
	pthread_t t;
	m = make(map(int, int));
	pthread_create(&t, NULL, other, NULL);
	while (!ready)
		;
	store();
	return 0;
}
END
"$GOATCC" -O2 -g race.c -o race || exit 99

race() {        # race NAME KNOBS WANTED: the last words of two threads that store, and how often they say where
	seen=$(GOATDEBUG=$2 timeout 60 ./race 2>&1 >/dev/null; echo "status $?")
	says=$(printf '%s\n' "$seen" | sed -n '/^fatal error: concurrent map writes$/p;/^the write:$/p;/^status/p' | tr '\n' ' ')
	is "$1" "$says$(printf '%s\n' "$seen" | grep -c '^store(')" "$3"
}
race "two writes" mapstack=0 "fatal error: concurrent map writes status 2 1"
race "two writes with mapstack=1" mapstack=1 "fatal error: concurrent map writes the write: status 2 2"

seen=$(printf '#define GOAT_NO_KEYWORDS\n#include <goat.h>\nint map, len, make;\nint f(goat_map(int, int) m) { goat_map_range (m, k, v) return k + v; goat_map_set(m, 1, 2); return goat_map_get(m, 1) + (int)goat_len(m); }\n' |
	"$GOATCC" -Wall -Wextra -xc -c - -o one.o 2>&1)
is "GOAT_NO_KEYWORDS" "$seen" ""

finish

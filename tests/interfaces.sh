#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# interfaces.sh: types, methods and itabs of several units and libraries are the same ones; a
# precompiled header brings its methods; what -fgoat-dump-itabs prints.

. "$(dirname "$0")/lib.sh"
make_scratch
cd "$scratch" || exit 99

cat >zoo.h <<'EOF'
#include <goat.h>
interface(Animal) { const char *(*Name)(void *self); int (*Legs)(void *self); };
interface(Namer) { const char *(*Name)(void *self); };
interface(Legged) { int (*Legs)(void *self); };
interface(Speaker) { int (*Speak)(void *self, int times); };
typedef struct Body { int legs; } Body;
typedef struct Cat { const char *name; Body; } Cat;
method int Body_Legs(Body b);
method const char *Cat_Name(Cat *c);
method_named(Speak) int meow(Cat *c, int times);
Animal adopt(const char *name);
any hide(Animal a);
int look(any a);
const void *descriptor(void);
const void *table(void);
EOF
cat >cat.c <<'EOF'
#include "zoo.h"
int Body_Legs(Body b) { return b.legs; }
const char *Cat_Name(Cat *c) { return c->name; }
int meow(Cat *c, int times) { return c->legs * times; }
Animal adopt(const char *name) { Cat *c = new(Cat, .name = name); c->legs = 4; return as(Animal, c); }
EOF
cat >any.c <<'EOF'
#include "zoo.h"
typedef struct Dog { Body; int age; } Dog;      // not the one of main.c
static method const char *Dog_Name(Dog d) { return d.age > 3 ? "old dog" : "dog"; }
any hide(Animal a) { return as(any, a); }
int look(any a)
{
	type_switch (a) {
	case_type (Cat *, c) { return c->legs; }
	case_type (Dog, d) { return d.age; }
	case_type (Legged, l) { return 100 + call(l, Legs); }
	}
	return -1;
}
const void *descriptor(void) { return as(any, new(Cat)).type; }
const void *table(void) { return as(Animal, new(Cat)).tab; }
EOF
cat >main.c <<'EOF'
#include "zoo.h"
typedef struct Dog { Body; double weight; } Dog;
static method const char *Dog_Name(Dog *d) { return d->weight > 9 ? "big dog" : "small dog"; }
static const char *name(any a) { Namer n; return type_assert_ok(a, Namer, &n) ? call(n, Name) : "?"; }
static int speak(any a) { Speaker s; return type_assert_ok(a, Speaker, &s) ? call(s, Speak, 3) : 0; }
int main(void)
{
	Animal tom = adopt("tom");
	any a = hide(tom);
	Dog rex = { { 3 }, 12.5 };
	printf("%s %s %d %d %d\n", type_name(a), name(a), speak(a), look(a), call(tom, Legs));
	printf("%s %s %d %d\n", name(as(any, &rex)), name(as(any, rex)), look(as(any, rex)), look(as(any, 1)));
	printf("%d %d\n", a.type == descriptor(), tom.tab == table());
	printf("%d\n", iface_eq(a, as(any, type_assert(a, Animal))));
	return 0;
}
EOF
want='Cat * tom 12 4 4
big dog ? 103 -1
1 1
1'
PROG="timeout 20 ./prog"

runs() {
	name=$1
	shift
	rm -f prog
	seen=$("$GOATCC" "$@" main.c any.c cat.c -o prog 2>&1 && $PROG 2>&1)
	is "$name" "$seen" "$want"
}

for level in 0 1 2 3; do
	runs "three units, -O$level" -O$level
done
runs "-g -fPIC" -g -fPIC
runs "-flto" -flto -O2
runs "-no-pie" -fno-pie -no-pie -O2
runs "-fvisibility=hidden" -fvisibility=hidden -O2
runs "--gc-sections" -O2 -ffunction-sections -fdata-sections -Wl,--gc-sections
runs "-Wall -Wextra" -O2 -Wall -Wextra
runs "AddressSanitizer" -O1 -fsanitize=address -g

# ---- shared libraries ----

library() {     # library NAME FLAGS...: the two units in libraries of their own
	name=$1
	shift
	rm -f prog libcat.so libany.so
	seen=$("$GOATCC" "$@" -fPIC -shared cat.c -o libcat.so 2>&1 &&
		"$GOATCC" "$@" -fPIC -shared any.c -o libany.so 2>&1 &&
		"$GOATCC" "$@" main.c -L. -lany -lcat -Wl,-rpath,"$scratch" -o prog 2>&1 && $PROG 2>&1)
	is "$name" "$seen" "$want"
}
library "shared libraries" -O2
library "shared libraries, -O0" -O0
library "shared libraries, -fno-plt" -O2 -fno-plt

# What is loaded later has descriptors of its own; they are of the same types as the program's.
cat >late.c <<'EOF'
#include "zoo.h"
#include <dlfcn.h>
static const char *name(any a) { Namer n; return type_assert_ok(a, Namer, &n) ? call(n, Name) : "?"; }
int main(void)
{
	Cat own = { .name = "own" };
	const char *before = name(as(any, &own));
	void *lib = dlopen("./liblate.so", RTLD_NOW | RTLD_LOCAL);
	if (lib == NULL) { puts(dlerror()); return 1; }
	Animal (*adopt_late)(const char *) = (Animal (*)(const char *))dlsym(lib, "adopt");
	int (*look_late)(any) = (int (*)(any))dlsym(lib, "look");
	Animal tom = adopt_late("tom");
	any a = as(any, tom);
	Cat *c = NULL;
	bool ok = type_assert_ok(a, Cat *, &c);
	printf("%s %d %s %s\n", type_name(a), ok, ok ? c->name : "-", name(a));
	type_switch (a) {
	case_type (int, n) { printf("int %d\n", n); }
	case_type (Cat *, k) { printf("cat %s\n", k->name); }
	case_default { puts("other"); }
	}
	printf("%s %d %d\n", before, look_late(as(any, &own)), iface_eq(a, as(any, tom)));
	return 0;
}
const char *Cat_Name(Cat *c) { return c->name; }
int Body_Legs(Body b) { return b.legs; }
int meow(Cat *c, int times) { return c->legs * times; }
EOF
rm -f prog
seen=$("$GOATCC" -O2 -fPIC -shared cat.c any.c -o liblate.so 2>&1 &&
	"$GOATCC" -O2 late.c -o prog 2>&1 && $PROG 2>&1)
is "dlopen" "$seen" "Cat * 1 tom tom
cat tom
own 0 1"

# What has types that a program has seen is not unloaded, or the tables would hold addresses of it
# where something else is by then.
cat >part.c <<'EOF'
#include <goat.h>
interface(Namer) { const char *(*Name)(void *self); };
interface(Other) { const char *(*Other)(void *self); };
typedef struct T { int n; } T;
method const char *T_Name(T *t) { return t->n ? "T" : "zero"; }
any produce(void) { return as(any, new(T)); }
bool ask(any a) { Other o; return type_assert_ok(a, Other, &o); }
const void *filler[FILLER] = { filler };
EOF
cat >closes.c <<'EOF'
#include <goat.h>
#include <dlfcn.h>
interface(Namer) { const char *(*Name)(void *self); };
int main(void)
{
	const char *libs[] = { "./libone.so", "./libtwo.so", "./libone.so", "./libtwo.so" };
	Namer n;
	for (int i = 0; i < 4; i++) {
		void *lib = dlopen(libs[i], RTLD_NOW | RTLD_LOCAL);
		if (lib == NULL) { puts(dlerror()); return 1; }
		any (*produce)(void) = (any (*)(void))dlsym(lib, "produce");
		bool (*ask)(any) = (bool (*)(any))dlsym(lib, "ask");
		any a = produce();
		printf("%d", ask(a));
		printf("%d ", type_assert_ok(a, Namer, &n));
		dlclose(lib);
	}
	puts(call(n, Name));
	return 0;
}
EOF
rm -f prog
seen=$("$GOATCC" -O1 -fPIC -shared -DFILLER=1 part.c -o libone.so 2>&1 &&
	"$GOATCC" -O1 -fPIC -shared -DFILLER=90000 part.c -o libtwo.so 2>&1 &&
	"$GOATCC" -O1 closes.c -Wl,--export-dynamic -o prog 2>&1 && $PROG 2>&1)
is "dlclose" "$seen" "01 01 01 01 zero"

# ---- precompiled headers ----

mkdir pch
cat >pch/all.h <<'EOF'
#include <goat.h>
interface(Namer) { const char *(*Name)(void *self); };
typedef struct Cat { const char *name; } Cat;
typedef int Celsius;
method const char *Cat_Name(Cat *c);
method_named(Name) static inline const char *degrees(Celsius c) { return c > 30 ? "hot" : "mild"; }
EOF
cat >pch/prog.c <<'EOF'
#include "all.h"
int main(void)
{
	Cat tom = { "tom" };
	Namer n = as(Namer, &tom), c = as(Namer, (Celsius)31);
	any a = as(any, n);
	printf("%s %s %s\n", call(n, Name), call(c, Name), call(type_assert(a, Namer), Name));
	return 0;
}
const char *Cat_Name(Cat *c) { return c->name; }
EOF
"$GOATCC" -O2 pch/all.h -o pch/all.h.gch
rm -f prog
seen=$("$GOATCC" -O2 -Winvalid-pch -Wall -Wextra pch/prog.c -o prog 2>&1 && $PROG)
is "methods of a precompiled header" "$seen" "tom hot tom"

# ---- the dump ----

cat >dump.c <<'EOF'
#include <goat.h>
interface(Namer) { const char *(*Name)(void *self); };
typedef struct Cat { const char *name; } Cat;
typedef struct Kitten { Cat; int age; } Kitten;
method const char *Cat_Name(Cat *c) { return c->name; }
method int Kitten_Age(Kitten k, int unit) { return k.age * unit; }
Namer namer(Kitten *k) { return as(Namer, k); }
EOF
seen=$("$GOATCC" -fgoat-dump-itabs -c dump.c 2>&1)
is "-fgoat-dump-itabs" "$seen" "itab Namer, Kitten *
	Name             Cat_Name
methods of Kitten
	Age              int (int)
	Name             const char * (void), pointer receiver, from Cat
methods of Cat
	Name             const char * (void), pointer receiver"

finish

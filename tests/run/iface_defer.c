// run
// recover() in a method that is deferred through an interface: what stands between does not count, be it
// for a value receiver, an embedded struct or an embedded interface; a function called by the method does.
#include <goat.h>
interface(Closer) { void (*Close)(void *self, int how); };
typedef struct V { int x; } V;
typedef struct W { int pad; Closer; } W;
typedef struct B { char c; W; } B;
static void helper(void) { any r = recover(); printf("helper %s\n", type_name(r)); }
method void V_Close(V v, int how) { if (how == 1) helper(); else printf("V %s\n", type_name(recover())); }
static void try_it(Closer c, int how) { defer { printf("outer %s\n", type_name(recover())); } defer call(c, Close, how); panic("x"); }
int main(void) { V v = {1}; W w = { 0, as(Closer, v) }; B b = { 0, w };
 try_it(as(Closer, w), 2); try_it(as(Closer, &b), 2); try_it(as(Closer, v), 1); try_it(as(Closer, b), 1);
 return 0; }

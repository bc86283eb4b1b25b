// errorcheck -fgoat-m=2 -fgoat-l
// The steps of maps under -fgoat-m=2. Go's are for m[k] what these are for map_set(m, k, v).
#include <goat.h>

typedef map(int, int *) values;
typedef map(int *, int) keys;

struct table { values of; };

int *any_key(keys m) { map_range (m, k, v) { return k; } return NULL; } // ERROR "^m does not escape$"
int *any_value(values m) { map_range (m, k, v) { return v; } return NULL; } // ERROR "^parameter m leaks to ~r0 with derefs=1:$" "^  flow: \{temp\} = m:$" "^  flow: v = \*\{temp\}:$" "^    from map_range \(m, k, v\) \(range-deref\) at " "^  flow: ~r0 = v:$" "^    from return v \(return\) at " "^leaking param: m to result ~r0 level=1$"
int sum(values m) { int n = 0; map_range (m, k, v) { n += *v; } return n; } // ERROR "^m does not escape$"
void put(values m, int k, int *v) { map_set(m, k, v); } // ERROR "^m does not escape$" "^parameter v leaks to \{heap\} with derefs=0:$" "^  flow: \{heap\} = v:$" "^    from map_set\(m, k, v\) \(assign\) at " "^leaking param: v$"
void put_key(keys m, int *k) { map_set(m, k, 1); } // ERROR "^m does not escape$" "^parameter k leaks to \{heap\} with derefs=0:$" "^  flow: \{heap\} = k:$" "^    from map_set\(m, k, 1\) \(key of map put\) at " "^leaking param: k$"
void put_new(values m) { map_set(m, 1, new(int)); } // ERROR "^m does not escape$" "^new\(int\) escapes to heap:$" "^  flow: \{heap\} = &\{storage for new\(int\)\}:$" "^    from new\(int\) \(spill\) at " "^    from map_set\(m, 1, new\(int\)\) \(assign\) at " "^new\(int\) escapes to heap$"
void put_both(map(string, string) m, string k, string v) { map_set(m, k, v); } // ERROR "^m does not escape$" "^parameter k leaks to \{heap\} with derefs=0:$" "^  flow: \{heap\} = k:$" "^    from map_set\(m, k, v\) \(key of map put\) at " "^leaking param: k$" "^parameter v leaks to \{heap\} with derefs=0:$" "^  flow: \{heap\} = v:$" "^    from map_set\(m, k, v\) \(assign\) at " "^leaking param: v$"
void remove_key(keys m, int *k) { map_delete(m, k); } // ERROR "^m does not escape$" "^k does not escape$"
int *look(values m) { int *v; return map_lookup(m, 3, &v) ? v : NULL; } // ERROR "^m does not escape$"
int **into(values m) { return map_ptr(m, 1); } // ERROR "^parameter m leaks to ~r0 with derefs=0:$" "^  flow: ~r0 = m:$" "^    from return map_ptr\(m, 1\) \(return\) at " "^leaking param: m to result ~r0 level=0$"
int *value(struct table *t, int k) { return map_get(t->of, k); } // ERROR "^t does not escape$"
values fresh(size_t n) { return make(values, n); } // ERROR "^make\(values, n\) escapes to heap:$" "^  flow: ~r0 = &\{storage for make\(values, n\)\}:$" "^    from make\(values, n\) \(spill\) at " "^    from return make\(values, n\) \(return\) at " "^make\(values, n\) escapes to heap$"
int local(void) { values m = make(values); int x = 1; map_set(m, 7, &x); return *map_get(m, 7); } // ERROR "^make\(values\) does not escape$" "^x escapes to heap:$" "^  flow: \{heap\} = &x:$" "^    from &x \(address-of\) at " "^    from map_set\(m, 7, &x\) \(assign\) at " "^moved to heap: x$"
size_t in_loop(int n) { values m = NULL; while (n-- > 0) m = make(values); return len(m); } // ERROR "^make\(values\) escapes to heap:$" "^  flow: m = &\{storage for make\(values\)\}:$" "^    from make\(values\) \(spill\) at " "^    from m = make\(values\) \(assign\) at " "^make\(values\) escapes to heap$"
size_t round_loop(int n) { size_t t = 0; while (n-- > 0) { values m = make(values); map_set(m, n, NULL); t += len(m); } return t; } // ERROR "^make\(values\) does not escape$"
any boxed(values m) { return as(any, m); } // ERROR "^parameter m leaks to ~r0 with derefs=0:$" "^  flow: ~r0 = m:$" "^    from as\(any, m\) \(interface-converted\) at " "^    from return as\(any, m\) \(return\) at " "^leaking param: m to result ~r0 level=0$"
void nested(map(int, values) m) { map_set(m, 1, make(values)); map_set(map_get(m, 1), 1, new(int)); } // ERROR "^m does not escape$" "^make\(values\) escapes to heap:$" "^  flow: \{heap\} = &\{storage for make\(values\)\}:$" "^    from make\(values\) \(spill\) at " "^    from map_set\(m, 1, make\(values\)\) \(assign\) at " "^make\(values\) escapes to heap$" "^new\(int\) escapes to heap:$" "^  flow: \{heap\} = &\{storage for new\(int\)\}:$" "^    from new\(int\) \(spill\) at " "^    from map_set\(map_get\(m, 1\), 1, new\(int\)\) \(assign\) at " "^new\(int\) escapes to heap$"
void inner(values m) { map_range (m, k, v) { int y = k; map_set(m, k + 1, &y); (void)v; } } // ERROR "^m does not escape$" "^y escapes to heap:$" "^  flow: \{heap\} = &y:$" "^    from &y \(address-of\) at " "^    from map_set\(m, k \+ 1, &y\) \(assign\) at " "^moved to heap: y$"
void deferred(values m, int k) { defer map_delete(m, k); map_clear(m); } // ERROR "^m does not escape$"

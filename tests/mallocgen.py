# SPDX-License-Identifier: GPL-3.0-or-later
#
# mallocgen.py: random C programs that allocate, link, share and free objects.
#
# Csmith never calls malloc, so these programs do: structs with pointers between them, allocated in
# straight lines, branches and loops, kept in globals or handed back or freed by helpers, or just
# lost. A program mixes what it reads into `sum`, and prints it.
#
# A program must be free of undefined behaviour, and it is so by construction. While it writes a
# function, the generator keeps for each pointer variable the set of allocations (sites) that it may
# point to, for each field of a site the same, and which sites are shared (reachable from a global or
# from the caller). A pointer is NULL or points to something that lives:
#
# M1  An object of a shared site is never freed.
# M2  A free leaves no pointer: every variable that may point to the site becomes NULL, and a site
#     that may sit in another object's field is freed only with all objects it is linked with.
# M3  An object in the frame (`auto` site) is never shared, stored in a borrowed object or freed.
# M4  A loop's body is written for a state that holds at its start each time round: it is written
#     again with the same dice and a larger state until it leaves no more than it began with.
#
# kind "malloc": plain C. kind "new": with USE_GOAT the objects come from goat's new(), frees are
# nothing, and locals whose address outlives the frame are used, which plain C gets from calloc.

import random

WORK_FUNCTIONS = 4
NULL_CHECKS = ("", "", "if (!{v}) abort();", "if ({v} == NULL) exit(3);")
ATTRIBUTES = ("static", "static", "static inline", "static __attribute__((noinline))",
              "static __attribute__((noipa))", "")

PRELUDE = r"""
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>

static unsigned long sum = 1;
static volatile size_t one = 1;
static void *(*volatile any_malloc)(size_t) = malloc;

static inline void mix(unsigned long x) { sum = (sum ^ x) * 0x9e3779b97f4a7c15ul; sum ^= sum >> 29; }
static void mix_str(const char *s) { while (*s) mix((unsigned char)*s++); }
static void *xmalloc(size_t n) { void *p = malloc(n); if (!p) abort(); return p; }
static inline void *zalloc(size_t n) { return calloc(1, n); }
static void jump_over(unsigned n)
{
	jmp_buf env;
	unsigned *volatile q = malloc(sizeof *q);
	*q = n;
	if (setjmp(env) == 0) {
		*q += 2;
		longjmp(env, 1);
	}
	mix(*q);
	free(q);
}
static __attribute__((noinline)) void clobber(void)
{
	volatile unsigned char junk[4096];
	for (unsigned i = 0; i < sizeof junk; i++) junk[i] = (unsigned char)(0xa5 + i);
}
"""

PRELUDE_NEW = r"""
#ifdef USE_GOAT
#include <goat.h>
#define NEW(T) goat_new(T)
#define FREE(p) ((void)(p))
#define LOCAL(T, x) T x = { 0 }
#define V(x) x
#else
#define NEW(T) ((T *)calloc(1, sizeof(T)))
#define FREE(p) free(p)
#define LOCAL(T, x) T *x##_object = calloc(1, sizeof(T))
#define V(x) (*x##_object)
#endif
"""

# Functions for each struct type: J is its number, F a pointer field, T that field's type number.
# What each does with its pointers is known to Function.call_helper.
HELPERS = r"""
$attr unsigned read_$J(const struct S$J *p) { return p ? p->a + p->v[1] * 3 : 5; }
$attr void fill_$J(struct S$J *p, unsigned x) { memset(p, 0, sizeof *p); p->a = x; p->b = x * 7; p->v[2] = x ^ 9; }
$attr struct S$J *new_$J(unsigned x) { struct S$J *p = $NEW; if (!p) abort(); fill_$J(p, x); return p; }
$attr struct S$J *same_$J(struct S$J *p) { return p; }
$attr struct S$J *pick_$J(struct S$J *p, struct S$J *q, unsigned c) { return c & 1 ? p : q; }
$attr void keep_$J(struct S$J *p) { g$J[p ? p->a % 3 : 0] = p; }
$attr void set_$J(struct S$J **pp, struct S$J *q) { *pp = q; }
$attr void swap_$J(struct S$J **pp, struct S$J **qq) { struct S$J *t = *pp; *pp = *qq; *qq = t; }
$attr void drop_$J(struct S$J *p) { if (p) mix(p->b); FREE(p); }
$attr int drop_if_$J(struct S$J *p, unsigned c) { if (c & 1) { FREE(p); return 1; } return 0; }
$attr void link_$J(struct S$J *p, struct S$T *q) { if (p) p->$F = q; }
$attr struct S$T *next_$J(struct S$J *p) { return p ? p->$F : NULL; }
$attr struct pair_$J pair_$J(struct S$J *p, struct S$J *q) { return (struct pair_$J){ p, q }; }
$attr void out_$J(struct S$J **pp, unsigned x) { *pp = $NEW; if (!*pp) exit(3); fill_$J(*pp, x); }
static unsigned all_$J(int n, ...)
{
	va_list ap;
	unsigned r = 0;
	va_start(ap, n);
	while (n-- > 0) { struct S$J *p = va_arg(ap, struct S$J *); if (p) r += p->b; }
	va_end(ap);
	return r;
}
static unsigned (*volatile reader_$J)(const struct S$J *) = read_$J;
static unsigned rec_$J(struct S$J *up, int depth)
{
	struct S$J *p = $NEW;
	unsigned r;
	if (!p) abort();
	fill_$J(p, up ? up->a + depth : depth);
	r = depth > 0 ? rec_$J(p, depth - 1) : 1;
	r = r * 31 + p->a + (up ? up->b : 0);
	FREE(p);
	return r;
}
static void check_$J(void)
{
	for (int i = 0; i < 3; i++)
		if (g$J[i]) {
			mix(g$J[i]->a + g$J[i]->b + g$J[i]->v[2]);
			if (g$J[i]->$F) mix(g$J[i]->$F->a ^ g$J[i]->$F->v[0]);
		}
}
"""

# Self-contained pieces: what string and realloc code does with its buffers. N is a number, C a condition.
IDIOMS = (
    '{ char *s = malloc(32); if (s) { snprintf(s, 32, "n=%u", $Nu); mix_str(s); free(s); } }',
    '{ char *s = strdup("some text $N"); if (!s) abort(); s[0] = (char)(65 + $N % 26); mix_str(s); if ($C) free(s); }',
    '{ char *s = strdup("key=value$N"), *t = strchr(s, \'=\'); *t++ = 0; mix_str(t); mix_str(s); free(s); }',
    '{ unsigned *a = calloc(8, sizeof *a); for (int k = 0; k < 8; k++) { mix(a[k]); a[k] = k * $Nu; } mix(a[$N % 8]); free(a); }',
    '{ unsigned *a = malloc(4 * sizeof *a); for (int k = 0; k < 4; k++) a[k] = k + $Nu; a = realloc(a, 9 * sizeof *a); if (!a) abort(); a[8] = 1; mix(a[3] + a[8]); free(a); }',
    '{ unsigned char *a = malloc(24), *e = a + 24; for (unsigned char *q = a; q < e; q++) *q = (unsigned char)(q - a + $N); mix(a[$N % 24]); if ($C) { free(a); a = NULL; } free(a); }',
    '{ void *a = malloc(16), *b = malloc(16); mix(a == b); mix(a == NULL); free(b); free(a); }',
    '{ void *last = NULL; for (int k = 0; k < 3; k++) { void *q = malloc(40); mix(q == last); memset(q, k, 40); mix(((unsigned char *)q)[39]); free(last); last = q; } free(last); }',
    '{ void *kept[3]; for (int k = 0; k < 3; k++) { unsigned *q = malloc(sizeof *q); *q = k * $Nu; kept[k] = q; } for (int k = 0; k < 3; k++) { mix(*(unsigned *)kept[k]); if ($C) free(kept[k]); } }',
    '{ static char *cache; if (!cache) cache = calloc(1, 48); cache[$N % 48]++; mix(cache[$N % 48]); }',
    'jump_over($Nu);',
    '{ char *s = malloc(64), *t = stpcpy(s, "ab"); t = stpcpy(t, "cd$N"); mix(t - s); mix(strlen(s)); memmove(s + 1, s, 4); mix_str(s); free(s); }',
    '{ double *d = aligned_alloc(64, 128); if (!d) exit(3); mix(((uintptr_t)d & 63) == 0); d[15] = $N; mix((unsigned long)d[15]); free(d); }',
    '{ unsigned n = 3 + $N % 4; unsigned vla[n]; unsigned *q = malloc(sizeof *q); *q = n; vla[n - 1] = 7; mix(*q + vla[n - 1]); free(q); }',
    '{ unsigned *q = ({ unsigned *t = malloc(sizeof *t * 2); t[0] = $Nu; t[1] = 3; t; }); mix(q[0] * q[1]); free(q); }',
    '{ unsigned k = 0; unsigned *q = NULL; again$U: if (q) mix(*q); q = malloc(sizeof *q); *q = k * $Nu; if (k++ < 3) goto again$U; mix(*q); free(q); }',
)


def fill_in(text, **words):
    for word in sorted(words, key=len, reverse=True):
        text = text.replace("$" + word, str(words[word]))
    return text


class Struct:
    """A struct type: unsigned a, b, v[3], pointers to other structs, and padding of some size."""

    def __init__(self, number, count, rng):
        self.number = number
        self.pointers = {f"p{k}": rng.randrange(count) for k in range(rng.randint(1, 3))}
        self.padding = rng.choice((0, 0, 1, 3, 20, 120, 70000 if rng.random() < 0.2 else 0))

    def definition(self):
        parts = ["unsigned a, b, v[3];"]
        parts += [f"struct S{t} *{f};" for f, t in self.pointers.items()]
        if self.padding:
            parts.insert(1, f"char pad[{self.padding}];")
        n = self.number
        return (f"struct S{n} {{ {' '.join(parts)} }};\nstruct pair_{n} {{ struct S{n} *one, *two; }};\n"
                f"static struct S{n} *g{n}[3];")


class State:
    """What pointers may point to at one place of a function. Only ever compared and joined."""

    def __init__(self):
        self.points = {}        # variable -> frozenset of sites
        self.interior = set()   # variables that may point into an object; "*": some field may
        self.contents = {}      # (site, field) -> frozenset of sites
        self.shared = set()     # sites

    def copy(self):
        other = State()
        other.points, other.contents = dict(self.points), dict(self.contents)
        other.interior, other.shared = set(self.interior), set(self.shared)
        return other

    def join(self, other):
        """Add what other says about my variables."""
        for name in self.points:
            self.points[name] = self.points[name] | other.points.get(name, frozenset())
        self.interior |= {n for n in other.interior if n in self.points or n == "*"}
        for key, sites in other.contents.items():
            self.contents[key] = self.contents.get(key, frozenset()) | sites
        self.shared |= other.shared

    def covers(self, other):
        """Whether other says nothing that I do not."""
        both = self.copy()
        both.join(other)
        return vars(both) == vars(self)


class Variable:
    """A place that holds a pointer to struct number `type`, and how its kind is spelled."""

    def __init__(self, name, type_, kind):
        self.name, self.type, self.kind = name, type_, kind

    def declaration(self):
        s = f"struct S{self.type} *"
        return {"pointer": f"{s}{self.name} = NULL;", "volatile": f"{s}volatile {self.name} = NULL;",
                "void": f"void *{self.name} = NULL;", "integer": f"uintptr_t {self.name} = 0;",
                "member": f"struct {{ unsigned n; {s}x; }} {self.name} = {{ 0 }};",
                "union": f"union {{ {s}x; uintptr_t u; }} {self.name} = {{ 0 }};",
                "array": f"{s}{self.name}[3] = {{ 0 }};"}[self.kind]

    def read(self, rng):
        s = f"(struct S{self.type} *)"
        return {"void": f"({s}{self.name})", "integer": f"({s}{self.name})",
                "member": f"{self.name}.x", "union": f"({s}{self.name}.u)",
                "array": f"{self.name}[{rng.randrange(3)}]"}.get(self.kind, self.name)

    def assign(self, rng, value):
        return {"integer": f"{self.name} = (uintptr_t)({value});", "member": f"{self.name}.x = {value};",
                "union": f"{self.name}.x = {value};",
                "array": f"{self.name}[{rng.randrange(3)}] = {value};"}.get(self.kind, f"{self.name} = {value};")

    def clear(self):
        return f"memset({self.name}, 0, sizeof {self.name});" if self.kind == "array" \
            else self.assign(random, "NULL" if self.kind != "integer" else "0")

    def has_address(self):
        return self.kind == "pointer"


class Function:
    """Writes one function. `returns` and `keeps` tell callers what it does; see Function.call."""

    STATEMENTS = (("allocate", 9), ("copy", 4), ("store", 5), ("load", 3), ("read", 6), ("write", 3),
                  ("free", 5), ("free_group", 3), ("share", 2), ("take", 1), ("compare", 2),
                  ("helper", 6), ("call", 3), ("idiom", 3), ("branch", 4), ("loop", 4), ("switch", 1),
                  ("block", 2), ("leave", 1), ("interior", 1), ("barrier", 1), ("local", 2), ("jump", 1))

    def __init__(self, program, name, parameters, result):
        self.program, self.name, self.result = program, name, result
        self.rng = random.Random(program.rng.getrandbits(64))
        self.state, self.lines, self.depth = State(), [], 1
        self.variables, self.sites, self.site_count = [], {}, 0
        self.loops, self.labels, self.loop_depth = [], 0, 0
        self.keeps, self.returns = False, None
        self.budget = 60
        # Each function has its own taste, so that some are full of what makes objects escape and
        # others do without.
        self.weights = [w if n in ("allocate", "read") else w * self.rng.choice((0, 0, 1, 2))
                        for n, w in self.STATEMENTS]
        self.all_kinds = self.rng.random() < 0.5
        self.worlds()
        self.parameters = [self.declare(t, "pointer", f"arg{k}", frozenset({f"B{t}"}))
                           for k, t in enumerate(parameters)]

    # ---- sites -----------------------------------------------------------------------------------

    def worlds(self):
        """G<type> stands for all shared objects, B<type> for all that the caller lent."""
        for s in self.program.structs:
            for world in "GB":
                self.sites[f"{world}{s.number}"] = (s.number, world, 1)
                for field, target in s.pointers.items():
                    self.state.contents[f"{world}{s.number}", field] = frozenset({f"{world}{target}"})
            self.state.shared.add(f"G{s.number}")

    def new_site(self, type_, flavour="heap", count=1):
        self.site_count += 1
        name = f"{flavour}{self.site_count}"
        self.sites[name] = (type_, flavour, count)
        return name

    def loaded(self, sites, field, type_):
        """What the field may hold in any of the sites."""
        found = frozenset()
        for site in sites:
            found |= self.state.contents.get((site, field), frozenset())
            if site in self.state.shared:
                found |= {f"G{type_}"}
        return found

    def closure(self, sites):
        """The sites and all that their objects lead to."""
        reached, todo = set(), set(sites)
        while todo:
            site = todo.pop()
            reached.add(site)
            for (holder, _), held in self.state.contents.items():
                if holder == site:
                    todo |= held - reached
        return reached

    def flavours(self, sites):
        return {self.sites[s][1] for s in sites}

    def share(self, sites):
        """Make the sites reachable from outside for good; False when they may not be (M3)."""
        everything = self.closure(sites)
        if "auto" in self.flavours(everything) and not self.program.new:
            return False
        self.state.shared |= everything
        self.keeps |= "B" in self.flavours(everything)
        return True

    # ---- text ------------------------------------------------------------------------------------

    def emit(self, text):
        self.lines.append("\t" * self.depth + text)

    def number(self):
        """An unsigned expression."""
        r = self.rng.random()
        if r < 0.4:
            return f"{self.rng.randrange(100)}u"
        if r < 0.7:
            return f"(unsigned)(sum >> {self.rng.randrange(8, 40)})"
        if self.loop_depth and r < 0.9:
            return f"(i{self.rng.randrange(self.loop_depth)} * {self.rng.randrange(1, 9)}u)"
        return f"({self.number()} {self.rng.choice('+^*')} {self.number()})"

    def condition(self):
        return f"({self.number()} >> {self.rng.randrange(3)}) & 1"

    def declare(self, type_, kind, name=None, points=frozenset()):
        name = name or f"{kind[0]}{len(self.variables)}_{type_}"
        variable = Variable(name, type_, kind)
        self.variables.append(variable)
        self.state.points[name] = points
        return variable

    def pick(self, type_=None, address=False):
        """A variable, or None."""
        fitting = [v for v in self.variables
                   if type_ in (None, v.type) and (v.has_address() or not address)]
        return self.rng.choice(fitting) if fitting else None

    def points(self, variable):
        return self.state.points[variable.name]

    def set_points(self, variable, sites, interior=False, weak=False):
        """Note that variable now holds one of sites; an array keeps its other elements."""
        if weak or variable.kind == "array":
            sites = sites | self.points(variable)
            interior = interior or variable.name in self.state.interior
        self.state.points[variable.name] = frozenset(sites)
        (self.state.interior.add if interior else self.state.interior.discard)(variable.name)

    def is_interior(self, *variables):
        return any(v.name in self.state.interior for v in variables)

    # ---- statements: allocation ------------------------------------------------------------------

    def do_allocate(self):
        v = self.pick()
        s, size = f"struct S{v.type}", f"sizeof(struct S{v.type})"
        count = self.rng.choice((1, 1, 1, 1, 2, 4)) if not self.program.new else 1
        total = size if count == 1 else f"{count} * {size}"
        forms = [(f"malloc({total})", 5, False), (f"calloc({count}, {size})", 3, True),
                 (f"xmalloc({total})", 1, False), (f"zalloc({total})", 1, True),
                 (f"malloc(one * {total})", 0.5, False), (f"any_malloc({total})", 0.3, False),
                 (f"realloc(NULL, {total})", 0.3, False),
                 (f"aligned_alloc(16, ({total} + 15) & ~(size_t)15)", 0.5, False)] \
            if not self.program.new else [(f"NEW({s})", 1, True)]
        if count == 1 and self.rng.random() < 0.15:
            self.emit(v.assign(self.rng, f"new_{v.type}({self.number()})"))
            self.set_points(v, {self.new_site(v.type)})
            return True
        text, _, zeroed = self.rng.choices(forms, [w for _, w, _ in forms])[0]
        self.emit(f"{{ {s} *t = {text}; {self.rng.choice(NULL_CHECKS).format(v='t')} "
                  f"{self.initialise(v.type, 't', count, zeroed)} {v.assign(self.rng, 't')} }}"
                  if v.kind != "pointer" or self.rng.random() < 0.3 else
                  f"{v.name} = {text}; {self.rng.choice(NULL_CHECKS).format(v=v.name)} "
                  f"{self.initialise(v.type, v.name, count, zeroed)}")
        self.set_points(v, {self.new_site(v.type, count=count)})
        return True

    def initialise(self, type_, p, count, zeroed):
        """Statements that give every field of every element a value."""
        if zeroed and self.rng.random() < 0.6:
            return f"mix({p}->a + {p}->v[1]); {p}->b = {self.number()};"
        if count > 1:
            return f"for (int k = 0; k < {count}; k++) fill_{type_}(&{p}[k], k + {self.number()});"
        return self.rng.choice((
            f"fill_{type_}({p}, {self.number()});",
            f"*{p} = (struct S{type_}){{ .a = {self.number()}, .v = {{ 1, 2, {self.number()} }} }};",
            f"memset({p}, 0, sizeof *{p}); {p}->a = {self.number()};",
            f"{p}->a = {p}->b = {self.number()}; {p}->v[0] = {p}->v[1] = {p}->v[2] = 4; "
            + " ".join(f"{p}->{f} = NULL;" for f in self.program.structs[type_].pointers)))

    def do_local(self):
        """An object in the frame, which pointers may hold besides allocated ones."""
        v = self.pick()
        if self.depth > 1 and not self.program.new:
            return False                # its block may end before the pointer does
        name = f"local{len(self.lines)}_{v.type}"
        if self.program.new:
            self.emit(f"LOCAL(struct S{v.type}, {name}); fill_{v.type}(&V({name}), {self.number()});")
            name = f"V({name})"
        else:
            self.emit(f"struct S{v.type} {name}; fill_{v.type}(&{name}, {self.number()});")
        self.emit(v.assign(self.rng, f"&{name}"))
        self.set_points(v, {self.new_site(v.type, "auto")})
        return True

    # ---- statements: moving pointers about -------------------------------------------------------

    def do_copy(self):
        v = self.pick()
        w, x = self.pick(v.type), self.pick(v.type)
        a, b = w.read(self.rng), x.read(self.rng)
        both = self.rng.random() < 0.5
        value = self.rng.choice((f"{self.condition()} ? {a} : {b}", f"{a} ?: {b}")) if both else a
        sites = self.points(w) | self.points(x) if both else self.points(w)
        self.emit(v.assign(self.rng, value))
        self.set_points(v, sites, self.is_interior(*((w, x) if both else (w,))))
        return True

    def do_store(self):
        """v->field = w"""
        v = self.pick()
        field, type_ = self.rng.choice(list(self.program.structs[v.type].pointers.items()))
        w = self.pick(type_)
        if w is None or not self.stored(self.points(v), field, self.points(w)):
            return False
        if self.is_interior(w):
            self.state.interior.add("*")
        holder, value = v.read(self.rng), w.read(self.rng)
        if w.has_address() and self.rng.random() < 0.2:
            self.emit(f"if ({holder}) memcpy(&{holder}->{field}, &{w.name}, sizeof {w.name});")
        elif self.rng.random() < 0.3 and field == self.program.linked[v.type][0]:
            self.emit(f"link_{v.type}({holder}, {value});")
        else:
            self.emit(f"if ({holder}) {holder}->{field} = {value};")
        return True

    def stored(self, holders, field, sites):
        """Note a store to a field; False when it may not be done."""
        if holders & self.state.shared or "B" in self.flavours(holders):
            if not self.share(sites):
                return False
        for holder in holders:
            key = holder, field
            self.state.contents[key] = self.state.contents.get(key, frozenset()) | sites
        return True

    def do_load(self):
        """w = v->field"""
        v = self.pick()
        field, type_ = self.rng.choice(list(self.program.structs[v.type].pointers.items()))
        w = self.pick(type_)
        if w is None:
            return False
        holder = v.read(self.rng)
        sites = self.loaded(self.points(v), field, type_)
        text = f"next_{v.type}({holder})" if field == self.program.linked[v.type][0] \
            and self.rng.random() < 0.4 else f"{holder} ? {holder}->{field} : NULL"
        self.emit(w.assign(self.rng, text))
        self.set_points(w, sites, "*" in self.state.interior or self.flavours(sites) != {"heap"})
        return True

    def do_interior(self):
        """v = w + 1 in an allocation of several"""
        v = self.pick()
        w = self.pick(v.type)
        sites = self.points(w)
        if not sites or self.is_interior(w) or min(self.sites[s][2] for s in sites) < 2:
            return False
        base = w.read(self.rng)
        self.emit(f"if ({base}) {{ {v.assign(self.rng, base + ' + 1')} }}")
        self.set_points(v, sites, True, weak=True)
        return True

    def do_barrier(self):
        v = self.pick(address=True)
        self.emit(f'__asm__ volatile ("" : "+r" ({v.name}));')
        return True

    def do_share(self):
        v = self.pick()
        if not self.share(self.points(v)):
            return False
        value, slot = v.read(self.rng), f"g{v.type}[{self.rng.randrange(3)}]"
        if v.has_address() and self.rng.random() < 0.2:
            self.emit(f"memcpy(&{slot}, &{v.name}, sizeof {v.name});")
        else:
            self.emit(self.rng.choice((f"{slot} = {value};", f"keep_{v.type}({value});")))
        return True

    def do_take(self):
        v = self.pick()
        self.emit(v.assign(self.rng, f"g{v.type}[{self.rng.randrange(3)}]"))
        self.set_points(v, frozenset({f"G{v.type}"}), True)
        return True

    def do_helper(self):
        """Helpers that hand pointers through."""
        v, which = self.pick(), self.rng.choice(("same", "pick", "set", "swap", "pair", "out", "rec"))
        w, x = self.pick(v.type), self.pick(v.type)
        t, a, b = v.type, w.read(self.rng), x.read(self.rng)
        either, inside = self.points(w) | self.points(x), self.is_interior(w, x)
        if which == "same":
            self.emit(v.assign(self.rng, f"same_{t}({a})"))
            self.set_points(v, self.points(w), self.is_interior(w))
        elif which == "pick":
            self.emit(v.assign(self.rng, f"pick_{t}({a}, {b}, {self.number()})"))
            self.set_points(v, either, inside)
        elif which == "pair":
            self.emit(f"{{ struct pair_{t} two = pair_{t}({a}, {b}); {v.assign(self.rng, 'two.two')} }}")
            self.set_points(v, either, inside)
        elif which == "rec":
            self.emit(f"mix(rec_{t}({a}, {self.rng.randrange(4)}));")
        elif not (v.has_address() and w.has_address()):
            return False
        elif which == "set":
            self.emit(f"{{ struct S{t} **pp = {self.condition()} ? &{v.name} : &{w.name}; "
                      + self.rng.choice((f"set_{t}(pp, {b});", f"*pp = {b};")) + " }")
            for target in (v, w):
                self.set_points(target, self.points(x), self.is_interior(x), weak=True)
        elif which == "swap" and v is not w:
            self.emit(f"swap_{t}(&{v.name}, &{w.name});")
            old = self.points(v), self.is_interior(v)
            self.set_points(v, self.points(w), self.is_interior(w))
            self.set_points(w, *old)
        elif which == "out":
            self.emit(f"out_{t}(&{v.name}, {self.number()});")
            self.set_points(v, {self.new_site(t)})
        else:
            return False
        return True

    # ---- statements: looking -----------------------------------------------------------------------

    def do_read(self):
        v = self.pick()
        p, w = v.read(self.rng), self.pick(v.type)
        field = self.rng.choice(list(self.program.structs[v.type].pointers))
        self.emit(self.rng.choice((
            f"if ({p}) mix({p}->a + {p}->v[{self.rng.randrange(3)}]);",
            f"mix(read_{v.type}({p}));", f"mix(reader_{v.type}({p}));",
            f"mix(all_{v.type}(2, {p}, {w.read(self.rng)}));",
            f"if ({p} && {p}->{field}) mix({p}->{field}->b);",
            f"if ({p}) {{ unsigned *q = &{p}->b; mix(*q); }}",
            f"if ({p}) {{ struct S{v.type} copy = *{p}; mix(copy.a ^ copy.v[2]); }}")))
        return True

    def do_write(self):
        v = self.pick()
        p = v.read(self.rng)
        self.emit(self.rng.choice((
            f"if ({p}) {p}->a = {self.number()};", f"if ({p}) {p}->v[{self.rng.randrange(3)}]++;",
            f"if ({p}) {{ unsigned *q = {p}->v; q[{self.rng.randrange(3)}] ^= {self.number()}; }}",
            f"if ({p} != NULL) {{ {p}->b += {self.number()}; }}")))
        return True

    def do_compare(self):
        v = self.pick()
        w = self.pick(v.type)
        p = v.read(self.rng)
        texts = [f"mix({p} == {w.read(self.rng)});", f"mix({p} == NULL);"]
        if not self.is_interior(v) and not self.program.new and self.flavours(self.points(v)) <= {"heap"}:
            texts.append(f"mix(((uintptr_t){p} & 15) == 0);")
        self.emit(self.rng.choice(texts))
        return True

    def do_idiom(self):
        self.labels += 1
        self.emit(fill_in(self.rng.choice(IDIOMS), N=self.rng.randrange(100), C=self.condition(),
                          U=f"_{self.labels}"))
        return True

    # ---- statements: freeing -----------------------------------------------------------------------

    def holders(self, sites):
        """Sites with a field that may hold one of sites."""
        return {site for (site, _), held in self.state.contents.items() if held & sites}

    def may_free(self, sites):
        return sites and not sites & self.state.shared and self.flavours(sites) == {"heap"}

    def forget(self, sites):
        """After a free: no variable points to the sites any more, and so nothing does."""
        for v in self.variables:
            if self.points(v) & sites:
                self.emit(v.clear())
                self.state.points[v.name] = frozenset()
                self.state.interior.discard(v.name)
        self.state.contents = {k: held for k, held in self.state.contents.items() if k[0] not in sites}

    def free_text(self, v):
        p = v.read(self.rng)
        forms = [f"FREE({p});", f"drop_{v.type}({p});", f"if ({p}) FREE({p});",
                 f"if ({self.condition()}) FREE({p});", f"drop_if_{v.type}({p}, {self.number()});"]
        return self.rng.choices(forms, (6, 2, 1, 1, 1))[0]

    def do_free(self):
        v = self.pick()
        sites = self.points(v)
        if self.is_interior(v) or not self.may_free(sites) or self.holders(sites) - sites:
            return False
        self.emit(self.free_text(v))
        self.forget(sites)
        return True

    def do_free_group(self):
        """Free everything that is linked with what v points to, each object once."""
        group = set(self.points(self.pick()))
        while True:
            larger = self.closure(group) | self.holders(frozenset(group)) | group
            if larger == group:
                break
            group = larger
        if not self.may_free(group):
            return False
        owners = [v for v in self.variables if self.points(v) and self.points(v) <= group
                  and not self.is_interior(v) and v.kind != "array"][:4]
        texts = [v.read(self.rng) for v in owners]
        for k, text in enumerate(texts):
            different = "".join(f" && (void *){text} != (void *){other}" for other in texts[:k])
            self.emit(f"if ({text}{different}) FREE({text});" if different else f"FREE({text});")
        self.forget(frozenset(group))
        return True

    # ---- statements: calls and control flow ---------------------------------------------------------

    def do_call(self):
        if not self.program.functions or self.loop_depth > 1:
            return False
        return self.call(self.rng.choice(self.program.functions))

    def call(self, callee, give=True):
        """Call a function of the program; its arguments are lent to it, or kept when it keeps any."""
        arguments = [self.pick(p.type) if give else None for p in callee.parameters]
        given = frozenset().union(*(self.points(a) for a in arguments if a), frozenset())
        if (callee.keeps or callee.returns == "lent") and not self.share(given):
            return False
        # The callee may link the objects it is lent to each other only by keeping them.
        text = f"{callee.name}({', '.join(a.read(self.rng) if a else 'NULL' for a in arguments)})"
        v = self.pick(callee.result) if callee.result is not None else None
        self.emit(v.assign(self.rng, text) if v else f"{text};")
        if v and callee.returns == "fresh":
            site = self.new_site(v.type)
            for field, target in self.program.structs[v.type].pointers.items():
                self.state.contents[site, field] = frozenset({f"G{target}"}) \
                    | self.state.contents.get((site, field), frozenset())
            self.set_points(v, {site})
        elif v:
            self.set_points(v, frozenset({f"G{v.type}"}) | {s for s in self.closure(given)
                                                           if self.sites[s][0] == v.type}, True)
        if self.rng.random() < 0.5:
            self.emit(f"clobber(); check_{self.rng.randrange(len(self.program.structs))}();")
        return True

    def block(self, statements=None):
        """A few statements one level deeper; variables declared in it end with it."""
        self.depth += 1
        known = len(self.variables)
        for _ in range(statements or self.rng.randint(1, 4)):
            self.statement()
        for v in self.variables[known:]:
            self.state.points.pop(v.name)
            self.state.interior.discard(v.name)
        del self.variables[known:]
        self.depth -= 1

    def do_block(self):
        if self.depth > 3:
            return False
        self.emit("{")
        self.depth += 1
        known = len(self.variables)
        v = self.declare(self.rng.randrange(len(self.program.structs)), self.rng.choice(self.kinds()),
                         f"b{len(self.lines)}")
        self.emit(v.declaration())
        self.depth -= 1
        self.block()
        self.state.points.pop(v.name)
        self.state.interior.discard(v.name)
        del self.variables[known:]
        self.emit("}")
        return True

    def do_branch(self):
        if self.depth > 3:
            return False
        before = self.state.copy()
        self.emit(f"if ({self.condition()}) {{")
        self.block()
        if self.rng.random() < 0.6:
            self.emit("} else {")
            after, self.state = self.state, before
            self.block()
            before = after
        self.emit("}")
        self.state.join(before)
        return True

    def do_switch(self):
        if self.depth > 2:
            return False
        before, after = self.state.copy(), self.state.copy()
        self.loops.append(None)
        self.emit(f"switch ({self.number()} % 4) {{")
        for k in range(3):
            self.emit(f"case {k}: {{")
            self.state.join(before)
            self.block()
            ends = self.rng.random() < 0.7
            self.emit("} break;" if ends else "}")
            if ends:
                after.join(self.state)
                self.state = before.copy()
        self.emit("}")
        self.loops.pop()
        self.state.join(after)
        return True

    def do_loop(self):
        """M4."""
        if self.loop_depth > 1 or self.depth > 3:
            return False
        before, outside, seed = self.state, self.rng, self.rng.getrandbits(64)
        kept = len(self.lines), self.site_count, self.labels, self.budget
        start = before.copy()
        for _ in range(8):
            self.rng, self.state = random.Random(seed), start.copy()
            exits = self.write_loop()
            if start.covers(self.state):
                break
            start.join(self.state)
            del self.lines[kept[0]:]
            _, self.site_count, self.labels, self.budget = kept
        else:
            self.rng, self.state = outside, before
            return False
        self.rng, self.state = outside, start
        for state in exits:
            self.state.join(state)
        return True

    def write_loop(self):
        """Write one loop; self.state becomes what holds when its body is left for another round."""
        i, times, form = f"i{self.loop_depth}", self.rng.randint(1, 4), self.rng.randrange(4)
        self.labels += 1
        head, tail = (
            (f"for (unsigned {i} = 0; {i} < {times}; {i}++) {{", "}"),
            (f"{{ unsigned {i} = 0; while ({i}++ < {times}) {{", "} }"),
            (f"{{ unsigned {i} = 0; do {{", f"}} while (++{i} < {times}); }}"),
            (f"{{ unsigned {i} = 0; loop{self.labels}: {{", f"}} if (++{i} < {times}) goto loop{self.labels}; }}"),
        )[form]
        self.emit(head)
        self.loop_depth += 1
        self.loops.append(None if form == 3 else ([], []))      # states at continue, at break
        self.block(self.rng.randint(2, 6))
        jumps = self.loops.pop()
        self.loop_depth -= 1
        self.emit(tail)
        for state in jumps[0] if jumps else ():
            self.state.join(state)
        return jumps[1] if jumps else []

    def do_jump(self):
        """Leave the loop, or go on with it."""
        if not self.loops or self.loops[-1] is None:
            return False
        which = self.rng.randrange(2)
        self.emit(f"if ({self.condition()}) {('continue', 'break')[which]};")
        self.loops[-1][which].append(self.state.copy())
        return True

    def do_leave(self):
        """An early return."""
        if self.name == "main" or self.rng.random() < 0.5:
            return False
        after = self.state.copy()
        self.emit(f"if ({self.condition()}) {{")
        self.depth += 1
        done = self.write_return()
        self.depth -= 1
        self.emit("}")
        self.state = after
        return done

    def write_return(self):
        """Return a variable or nothing, and note for callers what it may be."""
        if self.result is None:
            self.emit("return;")
            return True
        v = self.pick(self.result)
        sites = self.points(v) if v else frozenset()
        flavours = self.flavours(self.closure(sites))
        if not sites or ("auto" in flavours and not self.program.new):
            self.emit("return NULL;")
            return True
        linked = self.closure(frozenset().union(*(held for (s, _), held in self.state.contents.items()
                                                  if s in sites), frozenset()))
        self.state.shared |= linked
        if "B" in flavours:
            self.returned("lent")
        elif self.is_interior(v) or sites & self.state.shared or "auto" in flavours:
            self.returned("shared")
        else:
            self.returned("fresh")
        self.emit(f"return {v.read(self.rng)};")
        return True

    def returned(self, what):
        """The worst of what its returns give: fresh, shared, lent."""
        order = (None, "fresh", "shared", "lent")
        self.returns = max(self.returns, what, key=order.index)

    # ---- the whole ------------------------------------------------------------------------------------

    def kinds(self):
        return ("pointer",) * 6 + (("volatile", "void", "integer", "member", "union", "array")
                                   if self.all_kinds else ())

    def statement(self):
        """One statement of a random kind that can be done here."""
        names = [n for n, _ in self.STATEMENTS]
        self.budget -= 1
        if self.budget < 0:
            return
        for _ in range(20):
            if getattr(self, "do_" + self.rng.choices(names, self.weights)[0])():
                return

    def write(self, statements):
        for s in self.program.structs:
            for k in range(2):
                v = self.declare(s.number, "pointer" if k == 0 else self.rng.choice(self.kinds()))
                self.emit(v.declaration())
        for _ in range(statements):
            self.depth = 1
            self.statement()
        if self.name != "main":
            self.write_return()

    def text(self):
        result = "int" if self.name == "main" else \
            "void" if self.result is None else f"struct S{self.result} *"
        attribute = "" if self.name == "main" else self.program.rng.choice(ATTRIBUTES)
        parameters = ", ".join(f"struct S{p.type} *{p.name}" for p in self.parameters) or "void"
        return "\n".join([f"{attribute} {result} {self.name}({parameters})".strip(), "{"] + self.lines + ["}"])


class Program:
    """A whole program from a seed."""

    def __init__(self, seed, new=False):
        self.rng = random.Random(seed)
        self.new = new
        count = self.rng.randint(2, 3)
        self.structs = [Struct(k, count, self.rng) for k in range(count)]
        self.linked = [next(iter(s.pointers.items())) for s in self.structs]
        self.functions = []
        self.body = []
        for k in range(WORK_FUNCTIONS):
            parameters = [self.rng.randrange(count) for _ in range(self.rng.randrange(3))]
            result = self.rng.choice((None, self.rng.randrange(count)))
            function = Function(self, f"work{k}", parameters, result)
            function.write(self.rng.randint(8, 22))
            self.body.append(function.text())
            self.functions.append(function)
        self.body.append(self.main())

    def main(self):
        main = Function(self, "main", [], None)
        main.write(10)
        main.depth = 1
        for function in self.functions:
            main.call(function) or main.call(function, give=False)
        for s in self.structs:
            main.emit(f"check_{s.number}();")
        main.emit('printf("%lx\\n", sum);')
        main.emit("return 0;")
        return main.text()

    def text(self):
        parts = [PRELUDE, PRELUDE_NEW if self.new else "#define FREE(p) free(p)"]
        parts += [f"struct S{s.number};" for s in self.structs]
        parts += [s.definition() for s in self.structs]
        for s in self.structs:
            field, target = self.linked[s.number]
            new = f"NEW(struct S{s.number})" if self.new else f"malloc(sizeof(struct S{s.number}))"
            for line in HELPERS.strip().splitlines():
                parts.append(fill_in(line, attr=self.rng.choice(ATTRIBUTES), J=s.number, F=field,
                                     T=target, NEW=new))
        return "\n".join(parts + self.body) + "\n"


def generate(seed, new=False):
    return Program(seed, new).text()

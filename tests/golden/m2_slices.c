// errorcheck -fgoat-m=2 -fgoat-l
// The flow through slices and strings, in Go's steps.
#include <goat.h>

typedef slice(int) ints;
typedef slice(int *) ptrs;
typedef slice(const char *) names;

ints kept;
ptrs kept_ptrs;

void keep_part(size_t n)
{
	ints s = make(ints, 8); // ERROR "^make\(ints, 8\) escapes to heap:$" "^  flow: s = &\{storage for make\(ints, 8\)\}:$" "^    from make\(ints, 8\) \(spill\) at " "^    from s = make\(ints, 8\) \(assign\) at " "^  flow: t = s:$" "^    from subslice\(s, 1, n\) \(slice\) at " "^    from t = subslice\(s, 1, n\) \(assign\) at " "^  flow: \{heap\} = t:$" "^    from append\(t, 1\) \(call parameter\) at " "^    from kept = append\(t, 1\) \(assign\) at " "^make\(ints, 8\) escapes to heap$"
	ints t = subslice(s, 1, n);

	kept = append(t, 1);
}

ptrs add(ptrs s, int *p) // ERROR "^parameter s leaks to ~r0 with derefs=0:$" "^  flow: \{temp\} = s:$" "^    from append\(s, p\) \(call parameter\) at " "^  flow: ~r0 = \{temp\}:$" "^    from return append\(s, p\) \(return\) at " "^parameter s leaks to \{heap\} with derefs=1:$" "^  flow: \{heap\} = \*\{temp\}:$" "^    from append\(s, p\) \(appendee slice\) at " "^leaking param content: s$" "^leaking param: s to result ~r0 level=0$" "^parameter p leaks to \{heap\} with derefs=0:$" "^  flow: \{heap\} = p:$" "^leaking param: p$"
{
	return append(s, p);
}

size_t move(ptrs to, ptrs from) // ERROR "^to does not escape$" "^parameter from leaks to \{heap\} with derefs=1:$" "^  flow: \{heap\} = \*from:$" "^    from copy\(to, from\) \(call parameter\) at " "^    from copy\(to, from\) \(copied slice\) at " "^leaking param content: from$"
{
	return copy(to, from);
}

ptrs join_all(ptrs to, ptrs from) // ERROR "^parameter to leaks to ~r0 with derefs=0:$" "^  flow: \{temp\} = to:$" "^    from append_slice\(to, from\) \(call parameter\) at " "^  flow: ~r0 = \{temp\}:$" "^    from return append_slice\(to, from\) \(return\) at " "^parameter to leaks to \{heap\} with derefs=1:$" "^  flow: \{heap\} = \*\{temp\}:$" "^    from append_slice\(to, from\) \(appendee slice\) at " "^leaking param content: to$" "^leaking param: to to result ~r0 level=0$" "^parameter from leaks to \{heap\} with derefs=1:$" "^  flow: \{heap\} = \*from:$" "^    from append_slice\(to, from\) \(appended slice\.\.\.\) at " "^leaking param content: from$"
{
	return append_slice(to, from);
}

int *load(ptrs s, int i) // ERROR "^parameter s leaks to ~r0 with derefs=1:$" "^  flow: ~r0 = \*s:$" "^    from at\(s, i\) \(dot of pointer\) at " "^    from return at\(s, i\) \(return\) at " "^leaking param: s to result ~r0 level=1$"
{
	return at(s, i);
}

void each(ptrs s) // ERROR "^parameter s leaks to \{heap\} with derefs=1:$" "^  flow: \{temp\} = s:$" "^  flow: p = \*\{temp\}:$" "^    from slice_range \(s, i, p\) \(range-deref\) at " "^  flow: \{heap\} = p:$" "^    from kept_ptrs\.ptr\[0\] = p \(assign\) at " "^leaking param content: s$"
{
	slice_range (s, i, p)
		kept_ptrs.ptr[0] = p;
}

void address(int n)
{
	ptrs s = make(ptrs, n); // ERROR "^make\(ptrs, n\) escapes to heap:$" "^  flow: \{heap\} = &\{storage for make\(ptrs, n\)\}:$" "^    from make\(ptrs, n\) \(non-constant size\) at " "^make\(ptrs, n\) escapes to heap$"
	int x = 1; // ERROR "^x escapes to heap:$" "^  flow: \{heap\} = &x:$" "^    from &x \(address-of\) at " "^    from at\(s, 0\) = &x \(assign\) at " "^moved to heap: x$"

	at(s, 0) = &x;
}

void new_each_round(ints s) // ERROR "^s does not escape$"
{
	slice_range (s, i, v) // ERROR "^v escapes to heap:$" "^  flow: \{heap\} = &v:$" "^    from &v \(address-of\) at " "^    from kept\.ptr = &v \(assign\) at " "^moved to heap: v$"
		kept.ptr = &v;
}

string text(string a) // ERROR "^a does not escape$"
{
	string b = string_cat(a, str("!")); // ERROR "^string_cat\(a, str\(\"!\"\)\) escapes to heap:$" "^  flow: b = &\{storage for string_cat\(a, str\(\"!\"\)\)\}:$" "^    from string_cat\(a, str\(\"!\"\)\) \(spill\) at " "^    from b = string_cat\(a, str\(\"!\"\)\) \(assign\) at " "^  flow: ~r0 = b:$" "^    from substr\(b, 1, 2\) \(slice\) at " "^    from return substr\(b, 1, 2\) \(return\) at " "^string_cat\(a, str\(\"!\"\)\) escapes to heap$"

	return substr(b, 1, 2);
}

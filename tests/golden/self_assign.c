// errorcheck -fgoat-m -fgoat-l
// A store that keeps nothing alive that was not: the same path on both sides but for the last step,
// and a pointer moved within its object. Go: isSelfAssign in escape/utils.go.
#include <goat.h>

struct pair {
	int *a, *b;
	struct pair *next;
	char *s;
};

struct pair global;

void members(struct pair *p) // ERROR "^p does not escape$"
{
	p->a = p->b; // ERROR "^members ignoring self-assignment in p->a = p->b$"
	(*p).a = (*p).b; // ERROR "^members ignoring self-assignment in \(\*p\)\.a = \(\*p\)\.b$"
	p->next->a = p->next->b; // ERROR "^members ignoring self-assignment in p->next->a = p->next->b$"
}

void elements(int **v, int i, int j) // ERROR "^v does not escape$"
{
	v[i] = v[j]; // ERROR "^elements ignoring self-assignment in v\[i\] = v\[j\]$"
	v[0] = v[1]; // ERROR "^elements ignoring self-assignment in v\[0\] = v\[1\]$"
}

void row(int *v[4], int i) // ERROR "^v does not escape$"
{
	v[i] = v[i + 1]; // ERROR "^row ignoring self-assignment in v\[i\] = v\[i \+ 1\]$"
}

void of_global(void)
{
	global.a = global.b; // ERROR "^of_global ignoring self-assignment in global\.a = global\.b$"
}

int *of_local(void)
{
	int x = 1; // ERROR "^moved to heap: x$"
	struct pair s = { .b = &x };

	s.a = s.b; // ERROR "^of_local ignoring self-assignment in s\.a = s\.b$"
	return s.a;
}

// Another object, another depth, or a side effect: stores like any other.
void between(struct pair *p, struct pair *q) // ERROR "^p does not escape$" "^leaking param content: q$"
{
	p->a = q->a;
}

void up(struct pair *p) // ERROR "^leaking param content: p$"
{
	p->next = p->next->next;
}

void loaded(int **pp) // ERROR "^leaking param content: pp$"
{
	*pp = *pp;
}

int *step(int **v);

void with_effect(int **v, int *i) // ERROR "^leaking param content: v$" "^i does not escape$"
{
	v[(*i)++] = v[*i];
}

void swap(struct pair *p) // ERROR "^leaking param content: p$"
{
	int *t = p->a;

	p->a = p->b; // ERROR "^swap ignoring self-assignment in p->a = p->b$"
	p->b = t;
}

// Moved in place.
void increments(char **pp) // ERROR "^pp does not escape$"
{
	(*pp)++;
	--*pp;
	*pp += 2;
	*pp -= 2;
	*pp = *pp + 1;
	*pp = &(*pp)[1];
}

void member_increments(struct pair *p) // ERROR "^p does not escape$"
{
	p->s++;
	p->a += 3;
}

char *and_returned(char **pp) // ERROR "^leaking param: pp to result ~r0 level=1$"
{
	return (*pp)++;
}

char next(char **pp) // ERROR "^pp does not escape$"
{
	return *(*pp)++;
}

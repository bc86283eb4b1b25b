// errorcheck -fgoat-m -fgoat-l
// Compound literals and new(): named from the source, one object each round of a loop; a literal
// of which only the value is wanted is no object.
#include <goat.h>

struct node {
	struct node *next;
	int *data;
	int n;
};

typedef struct {
	int *a, *b;
} Pair;

struct node *list;
Pair saved;
int take(const struct node *n);
void keep(struct node *n);

struct node *nested(void)
{
	return &(struct node){ .next = &(struct node){ .n = 1 } }; // ERROR "^&\(struct node\)\{\.\.\.\} escapes to heap$"
}

int nested_stays(void)
{
	struct node *n = &(struct node){ .next = &(struct node){ .n = 1 } }; // ERROR "^&\(struct node\)\{\.\.\.\} does not escape$"

	return n->next->n;
}

struct node *inner_only(void)
{
	struct node *n = &(struct node){ // ERROR "^&\(struct node\)\{\.\.\.\} does not escape$"
		.next = &(struct node){ .n = 1 }, // ERROR "^&\(struct node\)\{\.\.\.\} escapes to heap$"
	};

	return n->next;
}

int in_a_loop(int n)
{
	struct node *top = NULL;
	int sum = 0;

	for (int i = 0; i < n; i++) {
		struct node *stays = &(struct node){ .n = i }; // ERROR "^&\(struct node\)\{\.\.\.\} does not escape$"

		top = &(struct node){ .next = top, .n = stays->n }; // ERROR "^&\(struct node\)\{\.\.\.\} escapes to heap$"
	}
	for (; top != NULL; top = top->next)
		sum += top->n;
	return sum;
}

void kept(void)
{
	keep(&(struct node){ .n = 1 }); // ERROR "^&\(struct node\)\{\.\.\.\} escapes to heap$"
}

Pair by_value(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	return (Pair){ p, new(int) }; // ERROR "^new\(int\) escapes to heap$"
}

int *member(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	return (Pair){ .a = p }.b;
}

int number(void)
{
	return (struct node){ .n = 3 }.n + (int[]){ 1, 2, 3 }[1] + *&(int){ 4 };
}

Pair *of_typedef(void)
{
	return &(Pair){ 0 }; // ERROR "^&\(Pair\)\{\.\.\.\} escapes to heap$"
}

const Pair *qualified(void)
{
	return &(const Pair){ 0 }; // ERROR "^&\(const Pair\)\{\.\.\.\} escapes to heap$"
}

int **of_pointers(int *p) // ERROR "^leaking param: p$"
{
	return (int *[]){ p, NULL }; // ERROR "^\(int \*\[\]\)\{\.\.\.\} escapes to heap$"
}

char *of_chars(void)
{
	return (char[]){ "text" }; // ERROR "^\(char\[\]\)\{\.\.\.\} escapes to heap$"
}

int (*whole_array(void))[2]
{
	return &(int[2]){ 1, 2 }; // ERROR "^&\(int\[2\]\)\{\.\.\.\} escapes to heap$"
}

int *scalar(void)
{
	return &(int){ 1 }; // ERROR "^&\(int\)\{\.\.\.\} escapes to heap$"
}

void assigned(void)
{
	saved = (Pair){ &(int){ 1 }, new(int, 2) }; // ERROR "^&\(int\)\{\.\.\.\} escapes to heap$" "^new\(int\) escapes to heap$"
}

int from_new(void)
{
	Pair p = *new(Pair, .a = new(int, 1)); // ERROR "^new\(Pair\) does not escape$" "^new\(int\) does not escape$"

	return *p.a;
}

int *member_of_new(void)
{
	return &new(struct node)->n; // ERROR "^new\(struct node\) escapes to heap$"
}

int array_new(void)
{
	int(*v)[3] = new(int[3], 1, 2, 3); // ERROR "^new\(int\[3\]\) does not escape$"

	return (*v)[1];
}

int *one_or_none(int c)
{
	return c ? new(int) : NULL; // ERROR "^new\(int\) escapes to heap$"
}

static int *at_file_scope = (int[]){ 1, 2 };

int *given(void)
{
	return at_file_scope;
}

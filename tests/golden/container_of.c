// errorcheck -fgoat-m -fgoat-l
// container_of: who loads through the address of one member may be after the others, in this
// function or in one that is called.
#include <goat.h>

#define container_of(p, T, member) ((T *)((char *)(p) - offsetof(T, member)))

struct link {
	struct link *next;
};

struct item {
	int *value;
	int n;
	struct link link;
};

static int *value_by_number(int *n) // ERROR "^leaking param: n to result ~r0 level=1$"
{
	return container_of(n, struct item, n)->value;
}

static int *value_by_link(struct link *l) // ERROR "^leaking param: l to result ~r0 level=1$"
{
	return container_of(l, struct item, link)->value;
}

int *through_number(void)
{
	struct item it = { .value = new(int) }; // ERROR "^new\(int\) escapes to heap$"

	return value_by_number(&it.n);
}

int *through_link(void)
{
	struct item it = { .value = new(int) }; // ERROR "^new\(int\) escapes to heap$"

	return value_by_link(&it.link);
}

int *of_param(struct item *it) // ERROR "^leaking param: it to result ~r0 level=1$"
{
	return value_by_number(&it->n);
}

int stays(void)
{
	struct item it = { .value = new(int) }; // ERROR "^new\(int\) does not escape$"

	return *value_by_number(&it.n);
}

struct item *whole(struct link *l) // ERROR "^leaking param: l to result ~r0 level=0$"
{
	return container_of(l, struct item, link);
}

int walk(struct link *head) // ERROR "^head does not escape$"
{
	int sum = 0;

	for (struct link *l = head->next; l != head; l = l->next)
		sum += *container_of(l, struct item, link)->value;
	return sum;
}

void insert(struct link *head, struct item *it) // ERROR "^leaking param content: head$" "^leaking param: it$"
{
	it->link.next = head->next;
	head->next = &it->link;
}

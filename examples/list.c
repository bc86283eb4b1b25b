// SPDX-License-Identifier: BSD-3-Clause
//
// list.c: a linked list made with new(), and never freed.
//
// new(T, initialisers) gives a pointer to a T that lives as long as it can be reached. Whether it
// lies in the frame or on the garbage-collected heap is decided by what is done with the pointer.

#include <goat.h>

struct node {
	int value;
	struct node *next;
};

// The node is returned, so it escapes. `rest` is stored in it, so whatever `rest` points to has to
// live as long as an object on the heap: the parameter leaks.
static struct node *push(struct node *rest, int value)
{
	return new(struct node, .value = value, .next = rest);
}

// Walking the list keeps nothing. `list` changes, but it is our own copy of the pointer.
static int sum(const struct node *list)
{
	int total = 0;

	for (; list != NULL; list = list->next)
		total += list->value;
	return total;
}

// The analysis does not know which node `list->next = done` writes to: what is stored through a
// pointer leaks. `done` was `list` a round earlier, so the parameter leaks.
static struct node *reverse(struct node *list)
{
	struct node *done = NULL;

	while (list != NULL) {
		struct node *next = list->next;

		list->next = done;
		done = list;
		list = next;
	}
	return done;
}

// Two nodes that only this function and sum() see: both live in the frame.
static int sum_of_two(int a, int b)
{
	struct node *last = new(struct node, .value = b);
	struct node first = { a, last };

	return sum(&first);
}

int main(void)
{
	struct node *list = NULL;

	for (int i = 1; i <= 1000; i++)
		list = push(list, i);
	list = reverse(list);
	goat_gc();                              // what is reachable stays
	printf("%d ... sum %d\n", list->value, sum(list));
	printf("%d\n", sum_of_two(40, 2));
	return 0;
}

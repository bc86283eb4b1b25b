// SPDX-License-Identifier: BSD-3-Clause
//
// arena.c: the same tree in an arena and with new().
//
// An arena gives out pieces of one large object and is dropped as a whole. With a collector it is
// not needed for freeing; what it saves is the cost of each allocation.

#include <goat.h>

struct tree {
	int key;
	struct tree *left, *right;
};

struct arena {
	size_t used;
	struct tree room[1000];         // of a type with pointers, so that the collector looks into it
};

// A pointer into *a is as good as `a`: the result leads back to the parameter.
static struct tree *take(struct arena *a)
{
	return &a->room[a->used++];
}

// Both trees are built by the same shape of code. The new node is stored through a pointer, so it
// leaks; with the arena, that is a leak of `a`, which the node is a part of.
static void insert_in_arena(struct arena *a, struct tree **at, int key)
{
	while (*at != NULL)
		at = key < (*at)->key ? &(*at)->left : &(*at)->right;
	*at = take(a);
	**at = (struct tree){ .key = key };
}

static void insert_new(struct tree **at, int key)
{
	while (*at != NULL)
		at = key < (*at)->key ? &(*at)->left : &(*at)->right;
	*at = new(struct tree, .key = key);
}

static int height(const struct tree *t)
{
	int l, r;

	if (t == NULL)
		return 0;
	l = height(t->left);
	r = height(t->right);
	return 1 + (l > r ? l : r);
}

// The arena leaks to the heap by way of its nodes: one object, moved as a whole.
static int with_arena(void)
{
	struct arena a = { 0 };
	struct tree *root = NULL;

	for (int i = 0; i < 1000; i++)
		insert_in_arena(&a, &root, i * 7919 % 1000);
	return height(root);
}

// A thousand objects. `root` itself stays: the callee only writes through its address.
static int with_new(void)
{
	struct tree *root = NULL;

	for (int i = 0; i < 1000; i++)
		insert_new(&root, i * 7919 % 1000);
	return height(root);
}

// Over 64 KiB, an object of new() is on the heap whatever is done with it. Without pointers in its
// type the collector does not look into it: it must not hold the only pointer to anything.
struct big {
	char bytes[100000];
};

static size_t big_buffer(void)
{
	struct big *big = new(struct big);
	size_t zero = 0;

	for (size_t i = 0; i < sizeof big->bytes; i++)
		zero += big->bytes[i] == 0;
	return zero;
}

int main(void)
{
	printf("%d %d %zu\n", with_arena(), with_new(), big_buffer());
	return 0;
}

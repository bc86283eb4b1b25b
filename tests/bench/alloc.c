// SPDX-License-Identifier: GPL-3.0-or-later
//
// alloc.c: what objects cost that escape, the collections included. Rows are named as in go/alloc.go.
//
// The trees are the shootout's, of depth 16, by node.

#include <goat.h>

#include <string.h>

#include "row.h"

enum { DEPTH = 16 };

typedef struct node {
	struct node *l, *r;
} node;

typedef struct point {
	int64_t x, y, z;
} point;

typedef struct block {
	char bytes[64];
} block;

static void *volatile kept;
static int64_t sink;

static void
alloc24(long n)
{
	for (long i = 0; i < n; i++)
		kept = new(point, i, 2, 3);
}

static void
alloc64(long n)
{
	for (long i = 0; i < n; i++)
		kept = new(block);
}

static node *
tree(int depth)
{
	if (depth == 0)
		return new(node);
	return new(node, tree(depth - 1), tree(depth - 1));
}

static long
check(const node *n)
{
	return n->l == NULL ? 1 : 1 + check(n->l) + check(n->r);
}

// Gives how many nodes it has made.
static long
trees(int depth)
{
	long total = check(tree(depth + 1));
	node *lasting = tree(depth);

	for (int d = 4; d <= depth; d += 4)
		for (int i = 0; i < 1 << (depth - d + 4); i++)
			total += check(tree(d));
	return total + check(lasting);
}

int
main(void)
{
	double best = 1e9;

	row("alloc_24_escapes", alloc24, 1);
	row("alloc_64_escapes", alloc64, 1);
	for (int i = 0; i < 3; i++) {
		double start = clock_ns();
		long n = trees(DEPTH);
		double t = (clock_ns() - start) / (double)n;

		best = t < best ? t : best;
		sink += n;
	}
	row_value("trees_16_node", best);
	return 0;
}

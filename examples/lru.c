// SPDX-License-Identifier: BSD-3-Clause
//
// lru.c: a cache that forgets what was not asked for the longest: a map and a list through its nodes.
//
// Nothing is freed: a node that neither the map nor the list has any more is the collector's.
#include <goat.h>

typedef struct Node Node;
struct Node { string key; long value; Node *newer, *older; };

typedef struct Cache {
	map(string, Node *) nodes;
	Node *newest, *oldest;
	size_t room;
} Cache;

static Cache *cache_new(size_t room)
{
	return new(Cache, .nodes = make(map(string, Node *), room), .room = room);
}

static void unlink_node(Cache *c, Node *n)
{
	*(n->newer ? &n->newer->older : &c->newest) = n->older;
	*(n->older ? &n->older->newer : &c->oldest) = n->newer;
}

static void put_first(Cache *c, Node *n)
{
	n->newer = NULL;
	n->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = n;
	c->newest = n;
}

static bool cache_get(Cache *c, string key, long *value)
{
	Node *n = map_get(c->nodes, key);       // NULL where there is none

	if (n == NULL)
		return false;
	unlink_node(c, n);
	put_first(c, n);
	*value = n->value;
	return true;
}

static void cache_put(Cache *c, string key, long value)
{
	Node *n = map_get(c->nodes, key);

	if (n != NULL) {
		unlink_node(c, n);
	} else if (len(c->nodes) == c->room) {
		printf("  forgets %.*s\n", STR(c->oldest->key));
		map_delete(c->nodes, c->oldest->key);
		unlink_node(c, c->oldest);
	}
	n = new(Node, .key = key, .value = value);
	put_first(c, n);
	map_set(c->nodes, key, n);
}

// ---- A program that uses it ----

static long letters(string s)
{
	long sum = 0;

	for (size_t i = 0; i < len(s); i++)
		sum = 31 * sum + at(s, i);
	return sum % 1000;
}

static long number_of(Cache *c, string name)
{
	long value;

	if (cache_get(c, name, &value)) {
		printf("%.*s: %ld, from the cache\n", STR(name), value);
		return value;
	}
	value = letters(name);
	printf("%.*s: %ld\n", STR(name), value);
	cache_put(c, name, value);
	return value;
}

int main(void)
{
	Cache *c = cache_new(3);
	const char *asked[] = { "ann", "bob", "eve", "ann", "dan", "bob", "ann", "eve" };

	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
		number_of(c, str(asked[i]));
	printf("kept:");
	for (Node *n = c->newest; n != NULL; n = n->older)
		printf(" %.*s", STR(n->key));
	printf("\n");
	return 0;
}

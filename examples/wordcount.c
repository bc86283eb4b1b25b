// SPDX-License-Identifier: BSD-3-Clause
//
// wordcount.c: the words that a text has most often: a map to count, a slice to sort.
//
// The text is read once. The words are parts of it: substr() copies nothing, and the collector keeps
// the text as long as the map has a key in it.
#include <goat.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct Entry { string word; int times; } Entry;

typedef slice(char) chars;
typedef slice(Entry) entries;
typedef map(string, int) counts;

// The whole file, in small letters.
static string read_text(const char *name)
{
	FILE *f = fopen(name, "r");
	chars text = { 0 };             // nil, and ready for append
	int c;

	if (f == NULL)
		panic(string_printf("%s: %s", name, strerror(errno)));
	defer fclose(f);
	while ((c = getc(f)) != EOF)
		text = append(text, (char)tolower(c));
	return (string){ text.ptr, len(text) };
}

static counts count_words(string text)
{
	counts n = make(counts);
	size_t start = 0;

	for (size_t i = 0; i <= len(text); i++) {
		if (i < len(text) && isalpha((unsigned char)at(text, i)))
			continue;
		if (i > start) {
			string word = substr(text, start, i);

			map_set(n, word, map_get(n, word) + 1);         // 0 where it is new
		}
		start = i + 1;
	}
	return n;
}

// The most frequent first; equally frequent words by the alphabet, for a map has no order.
static int compare(const void *a, const void *b)
{
	const Entry *x = a, *y = b;

	if (x->times != y->times)
		return x->times < y->times ? 1 : -1;
	return string_cmp(x->word, y->word);
}

static entries sorted(counts n)
{
	entries list = make(entries, 0, len(n));

	map_range (n, word, times)
		list = append(list, (Entry){ word, times });
	qsort(list.ptr, len(list), sizeof(Entry), compare);
	return list;
}

int main(int argc, char **argv)
{
	counts n = count_words(read_text(argc > 1 ? argv[1] : "../COPYING"));
	entries list = sorted(n);
	int total = 0;

	slice_range (list, i, e)
		total += e.times;
	printf("%d words, %zu different ones\n", total, len(list));
	slice_range (subslice(list, 0, len(list) < 10 ? len(list) : 10), i, e)
		printf("%3zu. %-10.*s %4d\n", i + 1, STR(e.word), e.times);
	return 0;
}

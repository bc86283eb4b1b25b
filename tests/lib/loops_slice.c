// SPDX-License-Identifier: GPL-3.0-or-later
//
// loops_slice.c: loops over a slice, and over an array with its length; see slice_model.sh.
//
// Layer: tests.

#include <goat.h>

typedef slice(int) ints;
typedef slice(double) reals;

struct int_array {
	int *ptr;
	size_t len, cap;
};

struct real_array {
	double *ptr;
	size_t len, cap;
};

long
sum_index(ints xs)
{
	long sum = 0;

	for (size_t i = 0; i < len(xs); i++)
		sum += at(xs, i);
	return sum;
}

long
sum_range(ints xs)
{
	long sum = 0;

	slice_range (xs, i, v)
		sum += v;
	return sum;
}

long
sum_array(struct int_array xs)
{
	long sum = 0;

	for (size_t i = 0; i < xs.len; i++)
		sum += xs.ptr[i];
	return sum;
}

void
scale_index(reals xs, double by)
{
	for (size_t i = 0; i < len(xs); i++)
		at(xs, i) = at(xs, i) * by;
}

void
scale_range(reals xs, double by)
{
	slice_range (xs, i, v)
		at(xs, i) = v * by;
}

void
scale_array(struct real_array xs, double by)
{
	for (size_t i = 0; i < xs.len; i++)
		xs.ptr[i] = xs.ptr[i] * by;
}

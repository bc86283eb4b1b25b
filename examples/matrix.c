// SPDX-License-Identifier: BSD-3-Clause
//
// matrix.c: a matrix is a slice of rows; the rows are parts of one slice of numbers.
//
// Each row ends where the next begins, in its capacity too: append() to a row would copy it, and
// could not write over its neighbour. An index that is out of range panics.
#include <goat.h>

typedef slice(double) row;
typedef slice(row) matrix;

static matrix matrix_make(size_t rows, size_t columns)
{
	row all = make(row, rows * columns);
	matrix m = make(matrix, rows);

	for (size_t i = 0; i < rows; i++)
		at(m, i) = subslice(all, i * columns, (i + 1) * columns, (i + 1) * columns);
	return m;
}

static matrix product(matrix a, matrix b)
{
	matrix c = matrix_make(len(a), len(at(b, 0)));

	for (size_t i = 0; i < len(c); i++)
		for (size_t j = 0; j < len(at(c, i)); j++)
			slice_range (at(a, i), k, x)
				at(at(c, i), j) += x * at(at(b, k), j);
	return c;
}

static matrix transposed(matrix m)
{
	matrix t = matrix_make(len(at(m, 0)), len(m));

	slice_range (m, i, r)
		slice_range (r, j, x)
			at(at(t, j), i) = x;
	return t;
}

static void print(const char *name, matrix m)
{
	printf("%s\n", name);
	slice_range (m, i, r) {
		slice_range (r, j, x)
			printf("%6g", x);
		printf("\n");
	}
}

// The product, or what was wrong.
static bool multiply(matrix a, matrix b, matrix *c)
{
	result(bool, good);

	defer {
		any p = recover();
		goat_error e;

		if (type_assert_ok(p, goat_error, &e)) {
			string text = call(e, Error);

			printf("%.*s\n", STR(text));
			good = false;
		}
	}
	*c = product(a, b);
	return true;
}

int main(void)
{
	matrix m = matrix_make(2, 3), c;

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < 3; j++)
			at(at(m, i), j) = (double)(3 * i + j + 1);
	print("m", m);
	print("transposed", transposed(m));
	if (multiply(m, transposed(m), &c))
		print("m * transposed", c);
	if (!multiply(m, m, &c))
		printf("m * m is not possible\n");

	// A part of it: the same numbers, without the first column.
	matrix right = make(matrix, 0, len(m));
	slice_range (m, i, r)
		right = append(right, subslice(r, 1, len(r)));
	at(at(right, 0), 0) = 20;
	print("right part", right);
	print("m", m);
	return 0;
}

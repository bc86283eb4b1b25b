// run
// An interface that is read through a pointer is read where it stands, not before the pointer is tested.
#include <goat.h>

__attribute__((noipa)) static long tested(any *p, int n)
{
	long sum = 0;

	for (int i = 0; i < n; i++) {
		long v;

		if (p != NULL) {
			if (type_assert_ok(*p, long, &v))
				sum += v;
		} else {
			sum++;
		}
	}
	return sum;
}

__attribute__((noipa)) static long never(any *p, int n, volatile int *wanted)
{
	long sum = 0;

	for (int i = 0; i < n; i++)
		if (*wanted) {
			type_switch (*p) {
			case_type (long, v) { sum += v; }
			case_type (int, v) { sum -= v; }
			}
			sum += iface_eq(*p, p[1]);
		}
	return sum;
}

static void nil(any *p)
{
	defer { printf("%d\n", !is_nil(recover())); }
	if (type_assert_ok(*p, long, NULL))
		printf("not here\n");
}

int main(void)
{
	any two[2] = { as(any, 5L), as(any, 5L) };
	int no = 0, yes = 1;

	printf("%ld %ld\n", tested(NULL, 10), never(NULL, 10, &no));
	printf("%ld %ld\n", tested(two, 3), never(two, 3, &yes));
	nil(NULL);
	return 0;
}

// run
// slice_range with what C and goat have for leaving a round: its variables are those of the round.
#include <goat.h>
typedef slice(int) ints;
static void f(ints xs)
{
	slice_range (xs, i, v) {
		defer { printf("[%zu %d] ", i, v); }
		defer printf("%zu:%d ", i, v);
		v = -v;
		if (i == 2)
			goto out;
	}
out:
	slice_range (xs, i, v) switch (v) {
	case 2:
		continue;
	default:
		printf("%d,", v);
		break;
	}
	int *kept[4];
	slice_range (xs, i, v)
		kept[i] = &v;
	printf(" %d %d|\n", *kept[0], *kept[3]);
	for (int k = 0; k < 2; k++)
		slice_range (xs, i, v) {
			if (i == 1) break;
			if (k) continue;
			printf("k%d v%d ", k, v);
		}
	printf("\n");
}
int main(void) { f(append((ints){ 0 }, 1, 2, 3, 4)); printf("\n"); return 0; }

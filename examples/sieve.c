// SPDX-License-Identifier: BSD-3-Clause
//
// sieve.c: prime numbers from a chain of goroutines.
//
// The first sends 2, 3, 4 and so on. What comes out at the end of the chain is a prime, and for
// each one a goroutine is added that lets pass what it does not divide. Each channel holds nothing:
// a number is handed from one goroutine straight to the next.
#include <goat.h>

typedef chan(int) numbers;

// Until somebody closes stop. Then the end of the numbers runs down the chain behind the last one.
static void generate(numbers out, numbers stop)
{
	defer chan_close(out);
	for (int n = 2;; n++)
		chan_select {
		case_send (out, n) {
		}
		case_recv (stop) {
			return;
		}
		}
}

static void filter(numbers in, numbers out, int prime)
{
	defer chan_close(out);
	chan_range (in, n)
		if (n % prime != 0)
			chan_send(out, n);
}

int main(void)
{
	numbers last = make(numbers), stop = make(numbers);

	go generate(last, stop);
	for (int i = 0; i < 25; i++) {
		int prime = chan_recv(last);
		numbers next = make(numbers);

		printf("%d%s", prime, i % 10 == 9 ? "\n" : " ");
		go filter(last, next, prime);
		last = next;
	}
	chan_close(stop);

	chan_range (last, n)
		;                       // those that were on their way
	printf("\nthe chain has ended\n");
	return 0;
}

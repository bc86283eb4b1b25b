// run
// Two goroutines that pass messages to each other do not keep a third from running, with one processor:
// who is readied next inherits the time of who readied it.
#include <goat.h>

static void pass(chan(int) in, chan(int) out)
{
	for (;;) {
		int v = chan_recv(in);
		chan_send(out, v + 1);
	}
}

int main(void)
{
	chan(int) a = make(chan(int)), b = make(chan(int));

	goat_maxprocs(1);
	go pass(a, b);
	go pass(b, a);
	goat_yield();
	chan_send(a, 1);
	for (int i = 0; i < 3; i++)
		goat_yield();
	puts("main runs");
	return 0;
}

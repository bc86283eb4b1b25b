// errorcheck -fgoat-m -fgoat-l
// asm, cleanup, atomics, thread-locals, statics: what is not seen through escapes.
#include <goat.h>

int *kept;
_Thread_local int *local;
_Atomic(int *) shared;

void asm_reads(void)
{
	int x = 1; // ERROR "^moved to heap: x$"

	__asm__ volatile("" : : "r"(&x));
}

// An operand in memory is its address.
void asm_in_memory(void)
{
	int x = 1; // ERROR "^moved to heap: x$"

	__asm__ volatile("" : "+m"(x));
}

int asm_writes(void)
{
	int x;

	__asm__ volatile("" : "=r"(x));
	return x;
}

int *asm_copies(void)
{
	int *p = new(int), *q; // ERROR "^new\(int\) escapes to heap$"

	__asm__("mov %1, %0" : "=r"(q) : "r"(p));
	return q;
}

static void wipe(int *p) // ERROR "^p does not escape$"
{
	*p = 0;
}

static void keep(int *p) // ERROR "^leaking param: p$"
{
	kept = p;
}

void cleaned(void)
{
	int x __attribute__((cleanup(wipe))) = 1;

	x++;
}

void cleaned_and_kept(void)
{
	int x __attribute__((cleanup(keep))) = 1; // ERROR "^moved to heap: x$"

	x++;
}

void thread_local(void)
{
	int x = 1; // ERROR "^moved to heap: x$"

	local = &x;
}

void atomic_global(void)
{
	int x = 1; // ERROR "^moved to heap: x$"

	shared = &x;
}

int *atomic_local(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	_Atomic(int *) a = p;

	return a;
}

int atomic_stays(int *p) // ERROR "^p does not escape$"
{
	_Atomic(int *) a = p;

	return *a;
}

void stored_atomically(int *p) // ERROR "^leaking param: p$"
{
	__atomic_store_n(&kept, p, __ATOMIC_RELEASE);
}

int *swapped(int *p, int *q) // ERROR "^leaking param: p to result ~r0 level=0$" "^leaking param: q to result ~r0 level=0$"
{
	int *own = p;

	return __atomic_exchange_n(&own, q, __ATOMIC_SEQ_CST);
}

int *compared_and_swapped(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	int *own = NULL;

	__sync_val_compare_and_swap(&own, NULL, p);
	return own;
}

static int *last(int *p) // ERROR "^leaking param: p$"
{
	static int *before;
	int *result = before;

	before = p;
	return result;
}

int *uses_last(void)
{
	int x = 1; // ERROR "^moved to heap: x$"

	return last(&x);
}

int *in_switch(int n, int *p, int *q) // ERROR "^leaking param: p to result ~r0 level=0$" "^leaking param: q$"
{
	switch (n) {
	case 0:
		return p;
	case 1 ... 5:
		kept = q;
		break;
	default:
		break;
	}
	return NULL;
}

inline int inline_definition(const int *p) // ERROR "^p does not escape$"
{
	return *p;
}

int calls_inline(void)
{
	int x = 1;

	return inline_definition(&x);
}

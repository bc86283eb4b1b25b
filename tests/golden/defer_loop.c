// errorcheck -fgoat-wdefer-loop
// -fgoat-wdefer-loop warns where control may come by again before the deferred code runs.
#include <goat.h>

#include <setjmp.h>

void g(int);
extern jmp_buf env;

void loops(int n)
{
	defer g(1);
	for (int i = 0; i < n; i++)
		defer g(i); // ERROR "^'defer' in a loop$" "^it runs when the function ends; 'block_defer' runs when its block does$"
	while (n-- > 0) {
		block_defer g(2);
		block_defer {
			defer g(3);
		}
	}
	do {
		if (n)
			break;
		defer { // ERROR "^'defer' in a loop$" "^it runs when the function ends; 'block_defer' runs when its block does$"
			for (;;) {
				defer g(n); // ERROR "^'defer' in a loop$" "^it runs when the deferred block around it ends; 'block_defer' runs when its own block does$"
				if (n)
					break;
			}
			defer g(4);
		}
	} while (n);
	defer g(5);
}

void gotos(int n)
{
	if (n)
		goto forward;
back:
	defer g(1); // ERROR "^'defer' in a loop$" "^it runs when the function ends; 'block_defer' runs when its block does$"
forward:
	defer g(2); // ERROR "^'defer' in a loop$" "^it runs when the function ends; 'block_defer' runs when its block does$"
	if (n == 3)
		goto back;
	defer g(3);
}

void again(void)
{
	defer g(1);
	if (setjmp(env))
		return;
	defer g(2); // ERROR "^'defer' in a loop$" "^it runs when the function ends; 'block_defer' runs when its block does$"
}

// errorcheck
// Go statements that are rejected.
#include <goat.h>

void f(int);
int r(void);

int statements(int x, int *p)
{
	go x; // ERROR "^expression in go must be function call$"
	go x++; // ERROR "^expression in go must be function call$"
	go x = 3; // ERROR "^expression in go must be function call$"
	go f; // ERROR "^expression in go must be function call$"
	go *p; // ERROR "^expression in go must be function call$"
	go r() + 1; // ERROR "^expression in go must be function call$"
	go (r(), x); // ERROR "^expression in go must be function call$"
	go ; // ERROR "^expression in go must be function call$"
	go return 4; // ERROR "^expression in go must be function call$"
	go if (x) f(x); // ERROR "^expression in go must be function call$"
	go for (;;) f(x); // ERROR "^expression in go must be function call$"
	go (void)r();
	return x;
}

int jumps(int x)
{
	for (;;) {
		go { break; } // ERROR "^'break' out of a go block$"
		go { continue; } // ERROR "^'continue' out of a go block$"
		go { return; }
		go { return 1; } // ERROR "^too many return values in a go block$"
		go { goto out; } // ERROR "^jump to label 'out' out of a go block$"
		go {
			for (;;) {
				if (x)
					break;
				continue;
			}
			switch (x) {
			case 1:
				break;
			}
			goto in;
		in:
			f(x);
		}
		defer {
			go { return; }
			return; // ERROR "^'return' out of a deferred block$"
		}
		go {
			defer { return; } // ERROR "^'return' out of a deferred block$"
			defer f(1);
			go { return; }
			return;
		}
		goto in; // ERROR "^jump to label 'in' into a go block$"
	}
	switch (x) {
		go {
		case 4: // ERROR "^switch jumps into a go block$"
			f(1);
		}
	}
out:
	return x;
}

int results(int x)
{
	go {
		result(int, r); // ERROR "^named result 'r' is not in the outermost block of its function$"
		r = 4;
	}
	return x;
}

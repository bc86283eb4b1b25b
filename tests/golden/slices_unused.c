// errorcheck -Wunused-value
// A slice that is made and dropped: append() changes none.
#include <goat.h>
typedef slice(int) ints;
void dropped(ints xs, int c)
{
	append(xs, 1); // ERROR "^value of 'append' is not used"
	append_slice(xs, xs); // ERROR "^value of 'append_slice' is not used"
	subslice(xs, 0, 1); // ERROR "^value of 'subslice' is not used"
	make(ints, 3); // ERROR "^value of 'make' is not used"
	(void)append(xs, 2);
	if (c)
		xs = append(xs, 1);
	xs = append(xs, 1);
	at(xs, 0);
	len(xs);
	copy(xs, xs);
	ints y = ({ append(xs, 1); });
	for (;; append(y, 1)) { append(y, 3); } // ERROR "^value of 'append' is not used"
}

// errorcheck
// A pointer that is NULL where it is converted makes an interface that is not nil.
#include <goat.h>

struct node { struct node *next; };

any constant(void)
{
	return as(any, (struct node *)NULL); // ERROR "^'\(struct node \*\)NULL' is NULL here; the any that holds it will not be nil$"
}

any variable(void)
{
	struct node *none = NULL;

	return as(any, none); // ERROR "^'none' is NULL here; the any that holds it will not be nil$"
}

any assigned(struct node *p)
{
	struct node *none = NULL, *later = NULL;

	none = p;
	if (p)
		*&later = p;
	return iface_eq(as(any, none), as(any, later)) ? as(any, p) : (any){ 0 };
}

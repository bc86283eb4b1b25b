// Annotated C that calls nothing of the runtime: its faults are panics all the same.
#include <goat.h>

int main(int argc, char **argv)
{
	int *volatile nowhere = NULL;

	return *nowhere;
}

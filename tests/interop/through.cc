// SPDX-License-Identifier: GPL-3.0-or-later
//
// through.cc: functions of C++ that call back. See cxx.c.

#include <cstdio>
#include <string>

struct says {
	const char *what;
	~says() { std::printf("~%s\n", what); }
};

extern "C" void
through(void (*f)())
{
	says outer{ "outer" };
	{
		says inner{ "inner" };
		f();
	}
	std::puts("through returns");
}

extern "C" const char *
catch_all(void (*f)())
{
	try {
		says in_try{ "in try" };
		f();
	} catch (...) {
		return "caught all";
	}
	return "caught nothing";
}

extern "C" const char *
catch_string(void (*f)())
{
	try {
		f();
	} catch (const std::string &s) {
		return "caught a string";
	}
	return "caught nothing";
}

extern "C" void
rethrow(void (*f)())
{
	try {
		f();
	} catch (...) {
		std::puts("rethrowing");
		throw;
	}
}

extern "C" void
throw_string()
{
	throw std::string("thrown");
}

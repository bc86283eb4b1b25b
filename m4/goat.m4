dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl
dnl goat.m4: what is missing is collected and named all at once, with the Debian packages to install.

dnl GOAT_MISSING(WHAT, PACKAGE): note that WHAT was not found; Debian has it in PACKAGE.
AC_DEFUN([GOAT_MISSING], [
	goat_missing="$goat_missing
  $1: Debian package $2"
	goat_packages="$goat_packages $2"])

dnl GOAT_REPORT_MISSING: end with the list, when there is one.
AC_DEFUN([GOAT_REPORT_MISSING], [
	AS_IF([test -n "$goat_missing"], [
		AC_MSG_ERROR([these are missing:$goat_missing
Install them with: apt-get install$goat_packages])])])

dnl GOAT_TARGET_GCC: set CC, CXX, GOAT_GCC_VERSION (12.2.0), GOAT_GCC_MAJOR and GCC_PLUGIN_DIR to the
dnl compiler that the plugin is for; it also builds everything. Before AC_PROG_CC, which gives up on
dnl a missing compiler before the rest is looked at.
AC_DEFUN([GOAT_TARGET_GCC], [
	AC_ARG_WITH([gcc],
		[AS_HELP_STRING([--with-gcc=VERSION],
			[build with and for gcc-VERSION, such as 11 @<:@CC, or gcc@:>@])],
		[], [with_gcc=])
	AS_CASE([$with_gcc],
		[yes|no], [AC_MSG_ERROR([--with-gcc needs a version, such as --with-gcc=12])],
		['' ], [CC=${CC-gcc}],
		[CC=gcc-$with_gcc])
	AC_MSG_CHECKING([for the target compiler])
	goat_major=${with_gcc:-12}
	GOAT_GCC_VERSION=
	AS_IF([goat_v=`$CC -dumpfullversion 2>/dev/null`], [
		AS_IF([echo __clang__ | $CC -E -P - 2>/dev/null | grep -q __clang__], [
			GOAT_GCC_VERSION=$goat_v
			goat_major=${goat_v%%.*}])])
	AS_IF([test -z "$GOAT_GCC_VERSION"], [
		AC_MSG_RESULT([no])
		AS_IF([command -v ${CC%% *} >/dev/null 2>&1],
			[AC_MSG_ERROR(['$CC' is not a GCC; name one with --with-gcc=VERSION or CC])])
		GOAT_MISSING([the C compiler '$CC'], [gcc${with_gcc:+-$with_gcc}])
		GOAT_MISSING([its plugin headers], [gcc-$goat_major-plugin-dev])
		GCC_PLUGIN_DIR=
	], [
		AC_MSG_RESULT([$CC, $GOAT_GCC_VERSION])
		AS_IF([test "$goat_major" -lt 11],
			[AC_MSG_ERROR([gcc $GOAT_GCC_VERSION is too old: goat needs gcc 11 or later])])
		GCC_PLUGIN_DIR=`$CC -print-file-name=plugin`
		AC_MSG_CHECKING([for the plugin headers of $CC])
		AS_IF([test -f "$GCC_PLUGIN_DIR/include/gcc-plugin.h"],
			[AC_MSG_RESULT([$GCC_PLUGIN_DIR/include])],
			[AC_MSG_RESULT([no])
			GOAT_MISSING([the plugin headers of gcc $goat_major], [gcc-$goat_major-plugin-dev])])
		AC_MSG_CHECKING([for the C library's headers])
		AS_IF([echo '@%:@include <stdio.h>' | $CC -E - >/dev/null 2>&1],
			[AC_MSG_RESULT([yes])],
			[AC_MSG_RESULT([no])
			GOAT_MISSING([the headers of the C library], [libc6-dev])])
	])

	dnl The plugin is C++ in the eyes of gcc's headers: build it with the g++ of the same version.
	AC_MSG_CHECKING([for the g++ of the same version])
	goat_cxx=
	goat_cc=${CC%% *}
	AS_CASE([$goat_cc],
		[*gcc*], [goat_guess=`echo "$goat_cc" | sed 's,gcc\(@<:@^/@:>@*\)$,g++\1,'`],
		[goat_guess=])
	for goat_try in $CXX $goat_guess g++-$goat_major g++; do
		AS_IF([test "x`$goat_try -dumpfullversion 2>/dev/null`" = "x${GOAT_GCC_VERSION:-none}"],
			[goat_cxx=$goat_try; break])
	done
	AS_IF([test -n "$goat_cxx"],
		[CXX=$goat_cxx; AC_MSG_RESULT([$CXX])],
		[AC_MSG_RESULT([no])
		GOAT_MISSING([the C++ compiler of gcc $goat_major], [g++-$goat_major])])
	GOAT_GCC_MAJOR=$goat_major
	AC_SUBST([CXX])
	AC_SUBST([GOAT_GCC_VERSION])
	AC_SUBST([GOAT_GCC_MAJOR])
	AC_SUBST([GCC_PLUGIN_DIR])])

dnl GOAT_SANITIZERS: --with-sanitizer=LIST sets SANITIZE_FLAGS.
AC_DEFUN([GOAT_SANITIZERS], [
	AC_ARG_WITH([sanitizer],
		[AS_HELP_STRING([--with-sanitizer=LIST],
			[build core unit tests, runtime and tests with -fsanitize=LIST: address, undefined,
			thread or address,undefined])],
		[], [with_sanitizer=no])
	SANITIZE_FLAGS=
	AS_CASE([$with_sanitizer],
		[no], [],
		[address|undefined|thread|address,undefined|undefined,address],
		[SANITIZE_FLAGS="-fsanitize=$with_sanitizer -fno-sanitize-recover=undefined -fno-omit-frame-pointer"],
		[AC_MSG_ERROR([--with-sanitizer=$with_sanitizer: not one of address, undefined, thread])])
	dnl Criterion cannot set up its arena in the address space that the thread sanitizer leaves; the
	dnl core has no threads.
	AS_CASE([$with_sanitizer],
		[thread], [CORE_SANITIZE_FLAGS=],
		[CORE_SANITIZE_FLAGS=$SANITIZE_FLAGS])
	AC_SUBST([SANITIZE_FLAGS])
	AC_SUBST([CORE_SANITIZE_FLAGS])
	AM_CONDITIONAL([SANITIZE], [test "$with_sanitizer" != no])])

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# fuzz.sh: the core, from random graphs. FUZZ_SECONDS bounds the search with libFuzzer (60), or
# FUZZ_COUNT the number of random graphs where there is none.
#
#	tests/fuzz.sh --short           the run of `make check`: the same graphs each time
#
# What libFuzzer learns is kept in fuzz/corpus of the build directory, what fails in fuzz/crash-*.

. "$(dirname "$0")/lib.sh"

out=$TOP_BUILDDIR/fuzz
sources="$TOP_SRCDIR/tests/fuzz/core.c $TOP_SRCDIR/tests/lib/model.c
	$(for f in arena batch explain graph leaks solve; do echo "$TOP_SRCDIR/plugin/core/$f.c"; done)"
flags="-std=gnu11 -g -O1 -I$TOP_SRCDIR/plugin/core -I$TOP_SRCDIR/tests/lib"
checks=-fsanitize=address,undefined\ -fno-sanitize-recover=undefined

# Word splitting is meant: none of these has a blank in it but the directories, which we enter.
build() {
	cc=$1
	shift
	# shellcheck disable=SC2086
	"$cc" $flags "$@" $sources -o "$out/core.new" 2>"$out/build.log" && mv "$out/core.new" "$out/core"
}

mkdir -p "$out/corpus" || exit 99
case ${1-} in
--short)
	# shellcheck disable=SC2086
	build "$GCC" -DSTANDALONE $checks || build "$GCC" -DSTANDALONE || exit 99
	ok "20000 graphs are solved as Go does" "$out/core" 20000 1
	;;
*)
	# shellcheck disable=SC2086
	if build clang -fsanitize=fuzzer $checks; then
		(cd "$out" && ./core -max_total_time="${FUZZ_SECONDS:-60}" -max_len=300 \
			-print_final_stats=1 corpus)
		ok "libFuzzer finds nothing" test $? -eq 0
	else
		echo "no clang with libFuzzer (Debian: clang, libclang-rt-dev): random graphs instead"
		build "$GCC" -DSTANDALONE $checks || exit 99
		ok "random graphs are solved as Go does" \
			"$out/core" "${FUZZ_COUNT:-500000}" "$(date +%s)"
	fi
	;;
esac
finish

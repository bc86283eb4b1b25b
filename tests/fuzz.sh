#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# fuzz.sh: the core, from random graphs, and maps, from random steps. FUZZ_SECONDS bounds the search
# with libFuzzer (60, each), or FUZZ_COUNT the number of random inputs where there is none.
#
#	tests/fuzz.sh --short           the run of `make check`: the same inputs each time
#
# What libFuzzer learns is kept in fuzz/corpus and fuzz/corpus-map of the build directory, what fails
# in fuzz/crash-*.

. "$(dirname "$0")/lib.sh"

out=$TOP_BUILDDIR/fuzz
core_sources="$TOP_SRCDIR/tests/fuzz/core.c $TOP_SRCDIR/tests/lib/model.c
	$(for f in arena batch explain graph leaks solve; do echo "$TOP_SRCDIR/plugin/core/$f.c"; done)"
map_sources="$TOP_SRCDIR/tests/fuzz/map.c
	$(for f in map_model runtime_alone; do echo "$TOP_SRCDIR/tests/lib/$f.c"; done)
	$(for f in dl error hash iface knobs map map_check map_fast string type; do
		echo "$TOP_SRCDIR/runtime/$f.c"
	done)"
map_flags="-D_GNU_SOURCE -iquote $TOP_SRCDIR/runtime -I$TOP_SRCDIR/runtime/include"
flags="-std=gnu11 -g -O1 -I$TOP_SRCDIR/plugin/core -I$TOP_SRCDIR/tests/lib"
checks=-fsanitize=address,undefined\ -fno-sanitize-recover=undefined

# Word splitting is meant: none of these has a blank in it but the directories, which we enter.
build() {       # build WHAT COMPILER FLAG...
	what=$1 cc=$2
	shift 2
	sources=$core_sources more=
	[ "$what" = core ] || sources=$map_sources more=$map_flags
	# shellcheck disable=SC2086
	"$cc" $flags $more "$@" $sources -lm -o "$out/$what.new" 2>"$out/build.log" &&
		mv "$out/$what.new" "$out/$what"
}

short() {       # short WHAT COUNT
	# shellcheck disable=SC2086
	build "$1" "$GCC" -DSTANDALONE $checks || build "$1" "$GCC" -DSTANDALONE || exit 99
	ok "$2 inputs: $1" "$out/$1" "$2" 1
}

search() {      # search WHAT CORPUS COUNT LENGTH
	# shellcheck disable=SC2086
	if build "$1" clang -fsanitize=fuzzer $checks; then
		(cd "$out" && "./$1" -max_total_time="${FUZZ_SECONDS:-60}" -max_len="$4" \
			-print_final_stats=1 "$2")
		ok "libFuzzer finds nothing: $1" test $? -eq 0
	else
		echo "no clang with libFuzzer (Debian: clang, libclang-rt-dev): random inputs instead"
		build "$1" "$GCC" -DSTANDALONE $checks || exit 99
		ok "random inputs: $1" "$out/$1" "${FUZZ_COUNT:-$3}" "$(date +%s)"
	fi
}

mkdir -p "$out/corpus" "$out/corpus-map" || exit 99
case ${1-} in
--short)
	short core 20000
	short map 20
	;;
*)
	search core corpus 500000 300
	search map corpus-map 2000 8192
	;;
esac
finish

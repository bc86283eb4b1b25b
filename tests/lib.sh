# SPDX-License-Identifier: GPL-3.0-or-later
#
# lib.sh: what the shell tests share. Source it, run cases, end with `finish`.
#
#	make_scratch; cd "$scratch"
#	ok  "prints its version"  sh -c '"$GOATCC" --version | grep -q goat'
#	is  "adds nothing to -c"  "$(cmd)" "wanted text"
#	finish
#
# Each case prints `ok NAME` or `not ok NAME` with what was seen; the last line counts them.

set -u
LC_ALL=C
export LC_ALL
: "${TOP_SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
: "${TOP_BUILDDIR:=$TOP_SRCDIR/build}"
: "${GOATCC:=$TOP_BUILDDIR/goatcc}"
: "${GCC:=gcc}"
export TOP_SRCDIR TOP_BUILDDIR GOATCC GCC

passed=0 failed=0

# A directory that goes with the script; to be called once, not in a subshell: sets $scratch.
make_scratch() {
	scratch=$(mktemp -d) || exit 99
	trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
	trap 'exit 130' INT TERM
}

# pass NAME, fail NAME [WHAT WAS SEEN]: the verdict of a case that the caller judged.
pass() {
	passed=$((passed + 1))
	printf 'ok %s\n' "$1"
}

fail() {
	failed=$((failed + 1))
	printf 'not ok %s\n' "$1"
	[ $# -lt 2 ] || printf '%s\n' "$2" | sed 's/^/    # /'
}

# ok NAME COMMAND...: the command succeeds.
ok() {
	name=$1
	shift
	if seen=$("$@" 2>&1); then pass "$name"; else fail "$name" "$seen"; fi
}

# fails NAME COMMAND...: it does not, and is not killed by a signal either.
fails() {
	name=$1
	shift
	seen=$("$@" 2>&1)
	case $? in
	0) fail "$name" "it succeeded: $seen" ;;
	1?? | 2??) fail "$name" "it crashed: $seen" ;;
	*) pass "$name" ;;
	esac
}

# is NAME SEEN WANTED: the two texts are equal.
is() {
	if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "have: $2
want: $3"; fi
}

# has NAME TEXT PART, lacks NAME TEXT PART: the text contains the part, or does not.
has() {
	case $2 in
	*"$3"*) pass "$1" ;;
	*) fail "$1" "no '$3' in: $2" ;;
	esac
}

lacks() {
	case $2 in
	*"$3"*) fail "$1" "'$3' in: $2" ;;
	*) pass "$1" ;;
	esac
}

# skip WHY: the whole script cannot run here.
skip() {
	printf 'skipped: %s\n' "$1"
	exit 77
}

finish() {
	printf '%d passed, %d failed\n' "$passed" "$failed"
	[ "$failed" = 0 ]
	exit
}

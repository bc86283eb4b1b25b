#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# examples.sh: each example compiles without a warning, reports and prints what stands beside it;
# and what the documents show is what happens.
#
# NAME.c with NAME-part.c, if there is one, is built at -O0 and -O2 with -fgoat-m. Its notes have to
# be NAME.report, as `line:column: text`, and its output NAME.out. With NAME.wrong, -DWRONG has to
# fail with these messages.
#
# In README.md, HACKING.md and docs/ a block marked `console` is run: the lines that begin with `$ `
# are commands, and the others what they print. `<!-- file: NAME -->` before a block makes it that
# file, and is checked against it where it is an example. Commands run where build/goatcc and
# examples/ are.

. "$(dirname "$0")/lib.sh"
make_scratch
examples=$TOP_SRCDIR/examples
cd "$examples" || exit 99

# The notes and errors of file $1 in gcc's messages: `line:column: text`. Steps keep their line only.
messages_of() {
	sed -n -e "s/^$1:\([0-9]*:[0-9]*\): \(note\|error\): /\1: /p" |
		sed -e 's/\( at [^ :]*:[0-9]*\):[0-9]*$/\1/'
}

flags_of() {
	case $1 in
	plain) echo -fgoat-heap2stack ;;
	esac
}

try_example() {         # NAME LEVEL
	part=$1-part.c
	[ -f "$part" ] || part=
	# shellcheck disable=SC2046,SC2086
	if ! "$GOATCC" "$2" -Wall -Wextra -fgoat-m $(flags_of "$1") "$1.c" $part -o "$scratch/$1" \
		2>"$scratch/said"; then
		fail "$1 $2 compiles" "$(cat "$scratch/said")"
		return
	fi
	lacks "$1 $2: no warning" "$(cat "$scratch/said")" "warning:"
	is "$1 $2: report" "$(messages_of "$1.c" <"$scratch/said")" "$(cat "$1.report")"
	is "$1 $2: output" "$("$scratch/$1" 2>&1)" "$(cat "$1.out")"
}

for c in *.c; do
	example=${c%.c}
	case $example in *-part) continue ;; esac
	try_example "$example" -O0
	try_example "$example" -O2
	has "$example is in the list" "$(cat README.md)" "($c)"
	[ -f "$example.wrong" ] || continue
	fails "$example -DWRONG fails" "$GOATCC" -DWRONG -c "$c" -o "$scratch/wrong.o"
	is "$example -DWRONG: messages" \
		"$("$GOATCC" -DWRONG -c "$c" -o "$scratch/wrong.o" 2>&1 | messages_of "$c")" \
		"$(cat "$example.wrong")"
done

"$GOATCC" -fgoat-json="$scratch/report.json" -c loops.c -o "$scratch/loops.o"
is "heap.py reads the JSON report" "$("${PYTHON:-python3}" heap.py "$scratch/report.json" 2>&1)" \
	"$(cat heap.py.out)"

# plain.c says how many allocations it does.
allocations() {
	"$GOATCC" -O0 $1 plain.c -o "$scratch/plain" &&
		valgrind "$scratch/plain" 2>&1 >"$scratch/printed" | sed -n 's/.*total heap usage: \([0-9,]*\) .*/\1/p'
}
if command -v valgrind >/dev/null; then
	text=$(cat plain.c)
	has "plain.c: allocations" "$text" "counts $(allocations '') allocations without"
	has "plain.c: with -fgoat-heap2stack" "$text" "and $(allocations -fgoat-heap2stack) with it"
fi

# ---- The documents ----

mkdir "$scratch/doc" "$scratch/doc/build"
cd "$scratch/doc" || exit 99
ln -s "$GOATCC" build/goatcc
ln -s "$examples" examples

# Splits a document: files are written, except those of the examples, which go to shown/; console
# blocks are numbered.
split_document() {
	rm -rf console.* shown
	mkdir shown
	awk '
	/^<!-- file: .* -->$/ { file = $3; next }
	/^```/ && !inside {
		inside = 1; out = ""
		if ($0 == "```console") out = "console." ++n
		else if (file ~ /^examples\//) { out = file; sub(/^examples/, "shown", out) }
		else if (file != "") out = file
		file = ""
		next
	}
	/^```/ { inside = 0; if (out != "") close(out); next }
	inside && out != "" { print >out }' "$1"
}

# A console block, run again.
replay() {
	while IFS= read -r line; do
		case $line in
		'$ '*)
			printf '%s\n' "$line"
			sh -c "${line#??}" 2>&1 </dev/null ;;
		esac
	done <"$1"
}

for doc in "$TOP_SRCDIR/README.md" "$TOP_SRCDIR/HACKING.md" "$TOP_SRCDIR"/docs/*.md; do
	doc_name=${doc#"$TOP_SRCDIR"/}
	split_document "$doc"
	for shown in shown/*; do
		[ ! -f "$shown" ] || is "$doc_name: ${shown#shown/} is the example" "$(cat "$shown")" \
			"$(cat "examples/${shown#shown/}")"
	done
	for block in console.*; do
		[ ! -f "$block" ] || is "$doc_name: $(head -n 1 "$block")" "$(replay "$block")" "$(cat "$block")"
	done
	for link in $(grep -o '](\([^)#:]*\)' "$doc" | sed 's/^](//'); do
		ok "$doc_name: link to $link" test -e "$(dirname "$doc")/$link"
	done
done
finish

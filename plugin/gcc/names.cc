// SPDX-License-Identifier: GPL-3.0-or-later
//
// names.cc: trees as the source spells them.
//
// GCC keeps where an expression begins and ends, so its text is read back from the file, blanks
// folded. What comes out of a macro, or was made by the compiler, is printed from the tree.
//
// Layer: glue.

#include "glue.h"

#include "tree-pretty-print.h"

namespace {

enum { LONGEST = 160 };         // longer text is cut and ends in "..."

struct arena names;
hash_map<nofree_string_hash, const char *> *kept;

struct text {
	char at[LONGEST + 8];
	size_t n;
	bool blank;             // a blank is due before the next character
	int braces;             // open ones; what they hold is left out, as Go does
};

void
put_char(struct text *t, char c)
{
	if (t->n > LONGEST)
		return;
	if (ISSPACE(c)) {
		t->blank = t->n > 0;
		return;
	}
	if (t->blank && !strchr("([", t->at[t->n - 1]) && !strchr(")],;", c))
		t->at[t->n++] = ' ';
	t->blank = false;
	t->at[t->n++] = c;
	if (t->n > LONGEST) {
		memcpy(t->at + LONGEST, "...", 4);
		t->n = LONGEST + 3;
	}
	t->at[t->n] = '\0';
}

void
put_source_char(struct text *t, char c)
{
	if (c == '}' && t->braces > 0)
		t->braces--;
	if (t->braces == 0)
		put_char(t, c);
	if (c == '{' && t->braces++ == 0)
		for (const char *dots = "..."; *dots; dots++)
			put_char(t, *dots);
}

bool
written_out(location_t where)
{
	return where > BUILTINS_LOCATION && !linemap_location_from_macro_expansion_p(line_table, where);
}

// The source between START and FINISH, both included.
bool
put_source(struct text *t, location_t start, location_t finish)
{
	expanded_location from = expand_location(start), to = expand_location(finish);

	if (!written_out(start) || !written_out(finish) || from.file == NULL ||
	    from.file != to.file || from.line > to.line || to.line > from.line + 20)
		return false;
	for (int line = from.line; line <= to.line; line++) {
		const char *s;
		size_t length, first = 0;

		if (!compat_source_line(from.file, line, &s, &length))
			return false;
		if (line == from.line)
			first = from.column - 1;
		if (line == to.line && (size_t)to.column < length)
			length = to.column;
		for (size_t i = first; i < length; i++)
			put_source_char(t, s[i]);
		put_source_char(t, ' ');
	}
	return t->n > 0;
}

// The type in parentheses before WHERE, they included, if it is on one line of the source. Says
// whether there is an & before it.
bool
put_type_before(struct text *t, location_t where, bool *address)
{
	expanded_location at = expand_location(where);
	const char *s;
	size_t length, first, last;
	int depth = 0;

	if (!written_out(where) || at.file == NULL || at.column < 1 ||
	    !compat_source_line(at.file, at.line, &s, &length) || (size_t)at.column > length)
		return false;
	for (last = at.column - 1; last > 0 && ISSPACE(s[last - 1]); last--)
		;
	for (first = last; first > 0; first--) {
		depth += s[first - 1] == ')' ? 1 : s[first - 1] == '(' ? -1 : 0;
		if (depth == 0)
			break;
	}
	if (first == 0 || s[first - 1] != '(')
		return false;
	for (size_t i = first - 1; i < last; i++)
		put_source_char(t, s[i]);
	for (first--; first > 0 && ISSPACE(s[first - 1]); first--)
		;
	*address = first > 0 && s[first - 1] == '&';
	return true;
}

bool
put_range(struct text *t, location_t where)
{
	source_range range = get_range_from_loc(line_table, where);

	// A range of one point is a lone token, or an expression whose extent is not known.
	if (range.m_start == range.m_finish)
		return false;
	return put_source(t, range.m_start, range.m_finish);
}

const char *
print_tree(tree t)
{
	char *s = print_generic_expr_to_str(t);
	struct text text = {};

	// GCC's printer puts a blank before a call's parenthesis.
	for (const char *p = s; *p; p++)
		if (!(p[0] == ' ' && p[1] == '('))
			put_char(&text, *p);
	free(s);
	return keep(text.at);
}

const char *
spell_decl(tree decl)
{
	if (TREE_CODE(decl) == RESULT_DECL)
		return "~r0";
	if (DECL_NAME(decl) == NULL_TREE ||
	    (VAR_P(decl) && (is_marked(decl, "goat_switch") || is_marked(decl, "goat_range"))))
		return "{temp}";
	return IDENTIFIER_POINTER(DECL_NAME(decl));
}

const char *
prefixed(const char *prefix, const char *text)
{
	return keep(ACONCAT((prefix, text, NULL)));
}

const char *
spell_call(tree call)
{
	tree fn = get_callee_fndecl(call), arg;
	call_expr_arg_iterator i;
	const char *text;
	bool first = true;

	if ((text = name_of_new(call)) != NULL || (text = name_of_slice_object(call)) != NULL)
		return text;
	if (fn != NULL_TREE && unit.annotated && is_make_map(fn))
		return name_of_make_map(call);
	if (fn != NULL_TREE && DECL_NAME(fn) != NULL_TREE)
		text = IDENTIFIER_POINTER(DECL_NAME(fn));
	else
		return print_tree(call);
	// Where a header's macro wrote it, as <alloca.h> does.
	if (startswith(text, "__builtin_"))
		text += strlen("__builtin_");
	text = prefixed(text, "(");
	FOR_EACH_CALL_EXPR_ARG(arg, i, call) {
		text = keep(ACONCAT((text, first ? "" : ", ", spell(arg), NULL)));
		first = false;
	}
	return prefixed(text, ")");
}

const char *
spell_literal(tree t, bool *address)
{
	struct text type = {};

	*address = TREE_CODE(TREE_TYPE(t)) != ARRAY_TYPE;
	if (!put_type_before(&type, DECL_SOURCE_LOCATION(COMPOUND_LITERAL_EXPR_DECL(t)), address))
		return prefixed(prefixed("(", spell_type(TREE_TYPE(t))), "){...}");
	return prefixed(type.at, "{...}");
}

const char *
spell_parts(tree t)
{
	switch (TREE_CODE(t)) {
	case ADDR_EXPR: {
		tree of = strip_anonymous(TREE_OPERAND(t, 0));

		if (TREE_CODE(of) == STRING_CST || TREE_CODE(of) == FUNCTION_DECL)
			break;
		if (TREE_CODE(TREE_TYPE(of)) == ARRAY_TYPE)
			return spell(of);
		if (of != TREE_OPERAND(t, 0) && TREE_CODE(of) == INDIRECT_REF)
			return spell(TREE_OPERAND(of, 0));
		return prefixed("&", spell(of));
	}
	case INDIRECT_REF:
		if (is_at(TREE_OPERAND(t, 0)))
			return spell(TREE_OPERAND(t, 0));
		return prefixed("*", spell(TREE_OPERAND(t, 0)));
	CASE_CONVERT:
	case NON_LVALUE_EXPR:
		return spell(TREE_OPERAND(t, 0));
	case RETURN_EXPR: {
		tree value = TREE_OPERAND(t, 0);

		if (value == NULL_TREE)
			return "return";
		if (TREE_CODE(value) == MODIFY_EXPR || TREE_CODE(value) == INIT_EXPR)
			value = TREE_OPERAND(value, 1);
		return prefixed("return ", spell(value));
	}
	case DECL_EXPR: {
		tree decl = DECL_EXPR_DECL(t);

		if (VAR_P(decl) && is_marked(decl, "goat_case"))
			return joined({ "case_type (", spell_type(TREE_TYPE(decl)), ", ", spell(decl),
					")" });
		if (VAR_P(decl) && is_marked(decl, "goat_range"))
			return "";
		if (VAR_P(decl) && is_marked(decl, "goat_elem"))
			return range_text(decl);
		if (DECL_INITIAL(decl) == NULL_TREE)
			return spell(decl);
		return keep(ACONCAT((spell(decl), " = ", spell(DECL_INITIAL(decl)), NULL)));
	}
	case MODIFY_EXPR:
	case INIT_EXPR:
		return keep(ACONCAT((spell(TREE_OPERAND(t, 0)), " = ", spell(TREE_OPERAND(t, 1)),
				     NULL)));
	case COND_EXPR:
		if (VOID_TYPE_P(TREE_TYPE(t)))
			break;
		return joined({ spell(TREE_OPERAND(t, 0)), " ? ", spell(TREE_OPERAND(t, 1)), " : ",
				spell(TREE_OPERAND(t, 2)) });
	case CONSTRUCTOR:
		return prefixed(prefixed("(", spell_type(TREE_TYPE(t))), "){...}");
	case COMPOUND_LITERAL_EXPR: {
		bool address;

		return spell_literal(t, &address);
	}
	case CALL_EXPR:
		return spell_call(t);
	case SAVE_EXPR:
		return spell(TREE_OPERAND(t, 0));
	case C_MAYBE_CONST_EXPR:
		return spell(C_MAYBE_CONST_EXPR_EXPR(t));
	case TARGET_EXPR:
	case BIND_EXPR:
	case STATEMENT_LIST:
		return "({...})";
	default:
		break;
	}
	return print_tree(t);
}

// A return statement's range is the keyword's, a definition has none, what the front end makes an
// address of (for a cleanup) has its function's, and conversions that nobody wrote their operand's.
bool
has_own_range(tree t)
{
	return EXPR_P(t) && TREE_CODE(t) != RETURN_EXPR && TREE_CODE(t) != DECL_EXPR &&
	       !(TREE_CODE(t) == ADDR_EXPR && DECL_P(TREE_OPERAND(t, 0)));
}

} // namespace

// Members of an anonymous struct or union are the outer one's to the source.
tree
strip_anonymous(tree ref)
{
	while (TREE_CODE(ref) == COMPONENT_REF && DECL_NAME(TREE_OPERAND(ref, 1)) == NULL_TREE)
		ref = TREE_OPERAND(ref, 0);
	return ref;
}

const char *
keep(const char *text)
{
	const char **known;

	if (kept == NULL)
		kept = new hash_map<nofree_string_hash, const char *>;
	if ((known = kept->get(text)) != NULL)
		return *known;
	text = arena_strdup(&names, text);
	kept->put(text, text);
	return text;
}

const char *
joined(std::initializer_list<const char *> parts)
{
	auto_vec<char, 128> text;

	for (const char *part : parts)
		for (; *part; part++)
			text.safe_push(*part);
	text.safe_push('\0');
	return keep(text.address());
}

const char *
spell(tree t)
{
	struct text text = {};

	if (DECL_P(t))
		return spell_decl(t);
	if (const char *written = lowered_text(t))
		return written;
	if (has_own_range(t) && put_range(&text, EXPR_LOCATION(t)))
		return keep(text.at);
	return spell_parts(t);
}

// An object is named by its address, an array by what it is converted to.
const char *
spell_object(tree t)
{
	const char *text, *name;
	tree fn;

	if (TREE_CODE(t) == COMPOUND_LITERAL_EXPR) {
		bool address;

		text = spell_literal(t, &address);
		return address || TREE_CODE(TREE_TYPE(t)) != ARRAY_TYPE ? prefixed("&", text) : text;
	}
	text = spell(t);
	fn = get_callee_fndecl(t);
	// A cast that changes nothing has given the call its own place.
	if (*text == '(' && (name = strstr(text, IDENTIFIER_POINTER(DECL_NAME(fn)))) != NULL)
		return keep(name);
	return text;
}

const char *
spell_type(tree type)
{
	tree name = TYPE_NAME(type);

	// GCC's printer puts `struct` before the name of a typedef.
	if (RECORD_OR_UNION_TYPE_P(type) && name != NULL_TREE && TREE_CODE(name) == TYPE_DECL &&
	    DECL_NAME(name) != NULL_TREE)
		return IDENTIFIER_POINTER(DECL_NAME(name));
	return print_tree(type);
}

location_t
point_of_use(location_t where)
{
	return linemap_resolve_location(line_table, where, LRK_MACRO_EXPANSION_POINT, NULL);
}

const char *
spell_location(location_t where)
{
	expanded_location at = expand_location(point_of_use(where));
	char numbers[48];

	snprintf(numbers, sizeof(numbers), ":%d:%d", at.line, compat_column(at));
	return keep(ACONCAT((at.file ? at.file : "<built-in>", numbers, NULL)));
}

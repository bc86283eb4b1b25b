// SPDX-License-Identifier: GPL-3.0-or-later
//
// plugin.cc: options, callbacks, and the pass over the unit.
//
// The pass runs when the parser has read the last line and nothing has been lowered yet: every
// function is still the source's expressions and statements, whatever the optimisation level.
//
//	1. list the functions that are defined, scan each
//	2. solve the call graph's components, callees first; note the decisions
//	3. give out the report
//	4. act on the decisions
//
// shim.c loads this file's object into the C front end of the one compiler it was built for.
//
// Layer: glue.

#include "glue.h"

#include <regex.h>

#include "libc.h"

struct options opt;
struct unit unit;

namespace {

void (*parse_file)(void);       // the front end's own
bool explanations_needed;       // an attribute may have to tell a flow
int local_addr_warning;         // -Wreturn-local-addr as it was before <goat.h>

// ---------------------------------------------------------------- options

struct option {
	const char *key;
	bool (*set)(const char *value);
	const char *help;
};

bool
set_m(const char *value)
{
	if (value == NULL || strcmp(value, "1") == 0)
		opt.m = 1;
	else if (strcmp(value, "2") == 0)
		opt.m = 2;
	else if (strcmp(value, "0") == 0)
		opt.m = 0;
	else
		return false;
	return true;
}

bool
set_l(const char *value)
{
	opt.no_inline = true;
	return value == NULL;
}

bool
set_heap2stack(const char *value)
{
	opt.heap2stack = true;
	return value == NULL;
}

bool
set_dump_itabs(const char *value)
{
	opt.dump_itabs = true;
	return value == NULL;
}

bool
set_no_preempt(const char *value)
{
	opt.no_preempt = true;
	return value == NULL;
}

bool
set_json(const char *value)
{
	opt.json = value;
	return value != NULL && *value;
}

bool
set_dot(const char *value)
{
	opt.dot = value;
	return value != NULL && *value;
}

bool
set_filter(const char *value)
{
	regex_t compiled;

	opt.filter = value;
	if (value == NULL || regcomp(&compiled, value, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	regfree(&compiled);
	return true;
}

bool
set_wdefer_loop(const char *value)
{
	opt.wdefer_loop = true;
	return value == NULL;
}

bool
set_make_stack(const char *value)
{
	char *end;
	unsigned long n;

	if (value == NULL || !ISDIGIT(*value))
		return false;
	n = strtoul(value, &end, 10);
	opt.make_stack = n;
	return *end == '\0' && n <= MAX_OBJECT;
}

const struct option option_table[] = {
	{ "m", set_m, "nothing, 0, 1 or 2" },
	{ "l", set_l, "no value" },
	{ "json", set_json, "a file name" },
	{ "dot", set_dot, "a file name" },
	{ "heap2stack", set_heap2stack, "no value" },
	{ "dump-itabs", set_dump_itabs, "no value" },
	{ "filter", set_filter, "an extended regular expression" },
	{ "no-preempt", set_no_preempt, "no value" },
	{ "wdefer-loop", set_wdefer_loop, "no value" },
	{ "make-stack", set_make_stack, "a number of bytes up to 65536" },
};

bool
read_option(const struct plugin_argument *arg)
{
	auto_vec<const char *> keys;
	const char *hint;

	for (const struct option &o : option_table) {
		if (strcmp(o.key, arg->key) == 0) {
			if (o.set(arg->value))
				return true;
			error("bad value %qs for %<-fgoat-%s%>: it takes %s",
			      arg->value ? arg->value : "", o.key, o.help);
			return false;
		}
		keys.safe_push(o.key);
	}
	hint = find_closest_string(arg->key, &keys);
	if (hint != NULL)
		error("unrecognized option %<-fgoat-%s%>; did you mean %<-fgoat-%s%>?", arg->key,
		      hint);
	else
		error("unrecognized option %<-fgoat-%s%>; see %<goatcc --help%>", arg->key);
	return false;
}

// ---------------------------------------------------------------- attributes

tree
handle_stack(tree *node, tree name, tree, int, bool *no_add_attrs)
{
	if (TREE_CODE(*node) != VAR_DECL || TREE_STATIC(*node) || DECL_EXTERNAL(*node)) {
		warning(OPT_Wattributes, "%qE attribute is only for variables of a function", name);
		*no_add_attrs = true;
		return NULL_TREE;
	}
	explanations_needed = true;
	return NULL_TREE;
}

// The attribute goes into the parameter's type, for a prototype keeps nothing else of it.
tree
handle_noescape(tree *node, tree name, tree args, int, bool *no_add_attrs)
{
	tree type;

	if (TREE_CODE(*node) != PARM_DECL || !POINTER_TYPE_P(TREE_TYPE(*node))) {
		warning(OPT_Wattributes, "%qE attribute is only for parameters that are pointers",
			name);
		*no_add_attrs = true;
		return NULL_TREE;
	}
	explanations_needed = true;
	type = build_variant_type_copy(TREE_TYPE(*node));
	TYPE_ATTRIBUTES(type) = tree_cons(name, args, TYPE_ATTRIBUTES(type));
	TREE_TYPE(*node) = type;
	return NULL_TREE;
}

const struct attribute_spec attributes[] = {
	{ "goat_stack", 0, 0, true, false, false, false, handle_stack, NULL },
	{ "goat_noescape", 0, 0, true, false, false, false, handle_noescape, NULL },
};

void
register_attributes(void *, void *)
{
	for (const struct attribute_spec &a : attributes)
		register_attribute(&a);
	register_marker_attributes();
	register_method_attributes();
}

// ---------------------------------------------------------------- annotated C

// An object may be used after its block has ended, as long as its frame lives.
void
set_flags(void)
{
	flag_stack_reuse = SR_NONE;
	flag_sanitize_address_use_after_scope = 0;
	// Deferred code and panics: every instruction that may fault has a landing pad, and faults.
	flag_exceptions = 1;
	flag_non_call_exceptions = 1;
	flag_delete_dead_exceptions = 0;
	flag_asynchronous_unwind_tables = 1;
	flag_delete_null_pointer_checks = 0;
	flag_isolate_erroneous_paths_dereference = flag_isolate_erroneous_paths_attribute = 0;
	flag_optimize_sibling_calls = 0;        // recover() counts frames
	flag_crossjumping = flag_tree_tail_merge = 0;   // two calls that panic are two places in a trace
	flag_sanitize &= ~(SANITIZE_NULL | SANITIZE_DIVIDE);    // these are panics
	flag_stack_clash_protection = 1;        // no frame steps over the page that ends a stack
	optimization_default_node = build_optimization_node(&global_options, &global_options_set);
	optimization_current_node = optimization_default_node;
}

// This unit includes <goat.h>: embedded structs as in Plan 9, and no word about `return &x`.
void
annotate(cpp_reader *)
{
	if (unit.annotated)
		return;
	unit.annotated = true;
	flag_plan9_extensions = 1;
	local_addr_warning = warn_return_local_addr;
	warn_return_local_addr = 0;
	set_flags();
	forget_const_locations();
	// What GCC does at the start of a unit that is compiled with -fexceptions.
	init_eh();
	using_eh_for_cleanups();
}

void
register_pragmas(void *, void *)
{
	c_register_pragma("goat", "annotated", annotate);
}

// A precompiled header brings <goat.h> without its pragma, but with what it declares.
void
look_for_precompiled(void *, void *)
{
	static bool looked;

	if (looked)
		return;
	looked = true;
	if (identifier_global_value(get_identifier("goat_new_")) != NULL_TREE)
		annotate(NULL);
}

// ---------------------------------------------------------------- the unit's functions

const char *
name_of(tree fn)
{
	return DECL_NAME(fn) ? IDENTIFIER_POINTER(DECL_NAME(fn)) : "{function}";
}

void
add_function(cgraph_node *node, struct func *outer)
{
	tree decl = node->decl;
	struct func *f;

	if (DECL_SAVED_TREE(decl) == NULL_TREE || unit.by_decl.get(decl) || node->alias ||
	    is_part_of_runtime(decl))
		return;
	f = new struct func();
	f->decl = decl;
	f->outer = outer;
	f->core = esc_func(unit.esc, name_of(decl), f);
	f->reported = !in_system_header_at(DECL_SOURCE_LOCATION(decl));
	unit.by_decl.put(decl, f);
	unit.funcs.safe_push(f);
	for (cgraph_node *n = first_nested_function(node); n; n = next_nested_function(n))
		add_function(n, f);
}

int
by_order(const void *a, const void *b)
{
	return (*(cgraph_node *const *)a)->order - (*(cgraph_node *const *)b)->order;
}

void
list_functions(void)
{
	auto_vec<cgraph_node *> nodes;
	cgraph_node *node;

	FOR_EACH_FUNCTION(node)
		if (DECL_SAVED_TREE(node->decl) != NULL_TREE &&
		    decl_function_context(node->decl) == NULL_TREE)
			nodes.safe_push(node);
	nodes.qsort(by_order);
	for (cgraph_node *n : nodes)
		add_function(n, NULL);
	if (unit.annotated)
		lower_words();
	for (struct func *f : unit.funcs) {
		scan_function(f);
		if (unit.annotated)
			scan_deferred(f);
	}
	// A nested function and the one around it share variables, so they are solved together.
	for (struct func *f : unit.funcs)
		if (f->outer != NULL) {
			esc_call(f->core, f->outer->core);
			esc_call(f->outer->core, f->core);
		}
}

// ---------------------------------------------------------------- one batch

void
declare(struct func *f)
{
	struct esc_loc *l;

	for (tree p = DECL_ARGUMENTS(f->decl); p != NULL_TREE; p = DECL_CHAIN(p)) {
		struct local *v = XCNEW(struct local);

		l = esc_loc(unit.esc, ESC_PARAM, f->core, spell(p), 1);
		l->ref = p;
		vec_push(&f->core->params, l);
		v->loc = l;
		v->depth = v->block_depth = 1;
		f->locals.put(p, v);
		f->order.safe_push(p);
	}
	if (stdarg_p(TREE_TYPE(f->decl))) {
		f->varargs = esc_loc(unit.esc, ESC_PARAM, f->core, "...", 1);
		vec_push(&f->core->params, f->varargs);
	}
	f->result = f->core->result =
		esc_loc(unit.esc, ESC_RESULT, f->core,
			f->named_result ? spell(f->named_result) : "~r0", 1);
	if (f->named_result != NULL_TREE) {
		struct local *r = *f->locals.get(f->named_result);

		r->loc = f->result;
		r->depth = r->block_depth = 1;
	}
}

struct told {
	struct func *f;
	tree param;
	const struct esc_loc *loc;
};

void
tell_leak(void *arg, const char *text)
{
	struct told *t = (struct told *)arg;

	report(t->f, DECL_SOURCE_LOCATION(t->param),
	       startswith(text, "leaking") ? LEAK : NOESCAPE, t->loc->name, text, t->loc, NULL);
}

void
decide_moved(struct func *f, tree decl, struct local *l)
{
	if (is_goat_stack(decl)) {
		char *text = concat("goat_stack variable ", l->loc->name, " escapes to heap", NULL);

		report_flow_error(DECL_SOURCE_LOCATION(decl), l->loc, text);
		free(text);
		return;
	}
	l->moves = unit.annotated;
	report(f, DECL_SOURCE_LOCATION(decl), MOVED, l->loc->name,
	       ACONCAT(("moved to heap: ", l->loc->name, NULL)), l->loc,
	       l->moves ? "heap" : NULL);
}

void
verify_noescape(struct func *f, tree param, unsigned i, const struct esc_loc *l)
{
	if (!is_goat_noescape(TREE_TYPE(f->decl), i) || f->alone ||
	    (l->leaks.heap == ESC_NONE && l->leaks.result == ESC_NONE && !l->escapes))
		return;
	report_flow_error(DECL_SOURCE_LOCATION(param), l,
			  ACONCAT(("goat_noescape parameter ", l->name, " leaks", NULL)));
}

void
decide_params(struct func *f)
{
	unsigned i = 0;

	for (tree p = DECL_ARGUMENTS(f->decl); p != NULL_TREE; p = DECL_CHAIN(p), i++) {
		struct local *v = *f->locals.get(p);
		struct told t = { f, p, v->loc };

		if (DECL_NAME(p) == NULL_TREE || DECL_ARTIFICIAL(p))
			continue;
		verify_noescape(f, p, i, v->loc);
		if (v->loc->escapes && !f->alone)
			decide_moved(f, p, v);
		else if (has_pointers(TREE_TYPE(p)))
			leaks_describe(f->alone ? &esc_all_leaks : &v->loc->leaks, v->loc->name,
				       f->result->name, tell_leak, &t);
	}
}

void
decide_locals(struct func *f)
{
	if (f->alone)
		return;
	for (tree decl : f->order) {
		struct local *v = *f->locals.get(decl);

		if (TREE_CODE(decl) == VAR_DECL && v->loc != NULL && v->loc->escapes &&
		    DECL_NAME(decl) != NULL_TREE && DECL_CONTEXT(decl) == f->decl)
			decide_moved(f, decl, v);
	}
}

bool
is_c_block(const struct object *o)
{
	return o->kind == OBJECT_MALLOC || o->kind == OBJECT_CALLOC || o->kind == OBJECT_ALIGNED ||
	       o->kind == OBJECT_STRDUP;
}

void
decide_object(struct func *f, struct object *o)
{
	const char *text;

	o->escapes = o->loc->escapes || f->alone;
	if (o->kind == OBJECT_MAKE || o->kind == OBJECT_CAT) {
		const struct esc_loc *loc = o->sizeless != NULL ? o->sizeless : o->loc;

		o->in_frame = o->kind == OBJECT_MAKE && !o->escapes;
		o->on_heap = !o->in_frame;
		o->buffered = o->on_heap && !f->alone && !loc->escapes;
	} else if (f->alone) {
		o->on_heap = o->kind == OBJECT_NEW || o->kind == OBJECT_MAP;
	} else if (is_c_block(o)) {
		o->in_frame = opt.heap2stack && !o->escapes && !o->loc->freed && fits_in_frame(f, o);
	} else if (o->kind == OBJECT_NEW || o->kind == OBJECT_MAP) {
		o->in_frame = !o->escapes;
		o->on_heap = o->escapes;
	} else {
		o->on_heap = o->escapes && unit.annotated;
	}
	if (o->kind == OBJECT_LITERAL && !o->loc->addressed)
		return;
	text = ACONCAT((o->name, o->escapes ? " escapes to heap" : " does not escape", NULL));
	report(f, o->where, o->escapes ? HEAP : STACK, o->name, text, o->escapes ? o->loc : NULL,
	       o->in_frame || (o->buffered && !o->escapes) ? "frame" : o->on_heap ? "heap" : NULL);
}

void
decide(struct func *f)
{
	decide_params(f);
	decide_locals(f);
	for (struct object *o : f->object_order)
		decide_object(f, o);
	if (f->deferred != NULL)
		decide_deferred(f);
	decide_go(f);
}

// What stands around a function is declared before it, so its variables are.
int
outer_first(const void *a, const void *b)
{
	const struct func *x = *(struct func *const *)a, *y = *(struct func *const *)b;
	int depth_x = 0, depth_y = 0;

	for (const struct func *f = x->outer; f; f = f->outer)
		depth_x++;
	for (const struct func *f = y->outer; f; f = f->outer)
		depth_y++;
	if (depth_x != depth_y)
		return depth_x - depth_y;
	return DECL_UID(x->decl) < DECL_UID(y->decl) ? -1 : DECL_UID(x->decl) > DECL_UID(y->decl);
}

// Adds the batch's graph to the file of -fgoat-dot.
void
draw(void)
{
	static FILE *out;

	if (out == NULL && (out = open_output("dot", opt.dot)) == NULL) {
		opt.dot = NULL;
		return;
	}
	esc_dump_dot(unit.esc, out);
	fflush(out);
}

void
solve(void *, struct esc_func **fn, size_t n)
{
	auto_vec<struct func *> batch;

	for (size_t i = 0; i < n; i++)
		batch.safe_push((struct func *)fn[i]->ref);
	batch.qsort(outer_first);
	esc_begin(unit.esc, fn, n);
	for (struct func *f : batch)
		declare(f);
	for (struct func *f : batch) {
		flow_function(f);
		match_frees(f);
	}
	esc_solve(unit.esc, fn, n);
	if (opt.dot != NULL)
		draw();
	for (struct func *f : batch)
		decide(f);
}

// In a function that is left alone `return &x` gets the warning that <goat.h> took away.
void
act_on_all(void)
{
	for (struct func *f : unit.funcs)
		if (!f->alone)
			act(f);
	if (!unit.annotated)
		return;
	warn_return_local_addr = local_addr_warning;
	for (struct func *f : unit.funcs)
		if (f->alone)
			act_alone(f);
	warn_return_local_addr = 0;
	for (struct func *f : unit.funcs)
		lower_go(f);
	for (struct func *f : unit.funcs)
		lower_deferred(f);
	for (unsigned i = unit.funcs.length(); i-- > 0;)
		finish_go_block(unit.funcs[i]);
}

// V stays though nothing refers to it.
void
define_for_good(tree v, tree init)
{
	DECL_PRESERVE_P(v) = 1;
	goat_define(v, init);
	varpool_node::get_create(v)->force_output = 1;
}

// What the runtime does without being called has to be in the program: faults become panics. And it has to know
// if the unit's functions do not look whether the stack goes on elsewhere (runtime/stack.c).
void
need_runtime(void)
{
	tree entry = build_fold_addr_expr(runtime_function(ENTRY_mallocgc));
	tree v = goat_constant("goat.runtime", ptr_type_node, NULL_TREE, true);

	DECL_VISIBILITY(v) = VISIBILITY_HIDDEN;
	define_for_good(v, fold_convert(ptr_type_node, entry));
	if (!unit_looks())
		define_for_good(goat_constant("goat_unlooked", boolean_type_node, NULL_TREE, true),
				boolean_true_node);
}

void
unit_pass(void)
{
	unit.esc = esc_new(flow_wanted() || explanations_needed);
	list_functions();
	if (!seen_error())
		esc_components(unit.esc, solve, NULL);
	report_finish();
	if (!seen_error()) {
		act_on_all();
		if (unit.annotated) {
			goat_types_finish(goat_emit_methods);
			need_runtime();
			wrap_main();
			prepare_preempt();
		}
	}
	esc_free(unit.esc);
	unit.esc = NULL;
}

// Plain C that nobody asks about is none of our business.
bool
anything_to_do(void)
{
	return unit.annotated || report_wanted() || opt.heap2stack || opt.dot != NULL ||
	       explanations_needed;
}

void
parse_then_pass(void)
{
	int heap = param_ggc_min_heapsize;

	// GCC's collector does not see what we have in hand. There is not much garbage before the optimisers.
	param_ggc_min_heapsize = INT_MAX;
	parse_file();
	if (!seen_error() && anything_to_do()) {
		if (unit.annotated)
			set_flags();    // #pragma GCC optimize may have changed it
		unit_pass();
	}
	param_ggc_min_heapsize = heap;
}

void
start_unit(void *, void *)
{
	if (flag_preprocess_only)
		return;
	if (!cpp_get_options(parse_in)->preprocessed)
		cpp_define(parse_in, "__GOAT__=1");
	parse_file = lang_hooks.parse_file;
	lang_hooks.parse_file = parse_then_pass;
}

struct plugin_info info = {
	"goat " GOAT_VERSION,
	"-fplugin-arg-goat-m[=2]       report the decisions of the escape analysis [with the flow]\n"
	"-fplugin-arg-goat-l           no inlining before the analysis\n"
	"-fplugin-arg-goat-json=FILE   every decision as a line of JSON\n"
	"-fplugin-arg-goat-heap2stack  malloc() that does not escape lives in the frame\n"
	"-fplugin-arg-goat-dot=FILE    the graphs of the analysis, for dot(1)\n"
	"-fplugin-arg-goat-dump-itabs  print the unit's sets of methods and itabs\n"
	"-fplugin-arg-goat-filter=RE   report on functions that match only\n"
	"-fplugin-arg-goat-no-preempt  no polls for other goroutines in loops\n"
	"-fplugin-arg-goat-wdefer-loop warn of a defer in a loop\n"
	"-fplugin-arg-goat-make-stack=BYTES  in the frame for make() of a variable size [128]\n",
};

} // namespace

bool
is_goat_stack(tree decl)
{
	return lookup_attribute("goat_stack", DECL_ATTRIBUTES(decl)) != NULL_TREE;
}

bool
is_goat_noescape(tree function_type, unsigned arg)
{
	function_args_iterator i;
	tree type;

	FOREACH_FUNCTION_ARGS(function_type, type, i)
		if (arg-- == 0)
			return POINTER_TYPE_P(type) &&
			       lookup_attribute("goat_noescape", TYPE_ATTRIBUTES(type)) != NULL_TREE;
	return false;
}

// Called by shim.c, which has checked that this is the compiler we were built for.
extern "C" __attribute__((visibility("default"))) int
goat_plugin_init(struct plugin_name_args *plugin, struct plugin_gcc_version *)
{
	const char *name = plugin->base_name;
	bool good = true;

	opt.make_stack = 128;
	for (int i = 0; i < plugin->argc; i++)
		good &= read_option(&plugin->argv[i]);
	if (!good)
		return 0;       // the errors end the compilation
	register_callback(name, PLUGIN_INFO, NULL, &info);
	register_callback(name, PLUGIN_START_UNIT, start_unit, NULL);
	register_callback(name, PLUGIN_ATTRIBUTES, register_attributes, NULL);
	register_markers(name);
	register_methods(name);
	register_preempt(name);
	register_threadlocal(name);
	register_callback(name, PLUGIN_PRAGMAS, register_pragmas, NULL);
	register_callback(name, PLUGIN_FINISH_DECL, look_for_precompiled, NULL);
	register_callback(name, PLUGIN_START_PARSE_FUNCTION, look_for_precompiled, NULL);
	return 0;
}

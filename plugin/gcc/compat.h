// SPDX-License-Identifier: GPL-3.0-or-later
//
// compat.h: GCC's headers in their one working order, and all that differs between 11 and 16.
//
// No other file tests GCCPLUGIN_VERSION. A difference is hidden behind a function here, named for
// what it does and not for the version.
//
// Layer: glue.

#ifndef GOAT_GCC_COMPAT_H
#define GOAT_GCC_COMPAT_H

#include "gcc-plugin.h"
#include "plugin-version.h"
#include "tree.h"
#include "tree-iterator.h"
#include "c-family/c-common.h"
#include "c-family/c-pragma.h"
#include "c-tree.h"
#include "langhooks.h"
#include "stor-layout.h"
#include "fold-const.h"
#include "stringpool.h"
#include "attribs.h"
#include "cgraph.h"
#include "varasm.h"
#include "calls.h"
#include "builtins.h"
#include "basic-block.h"
#include "tree-ssa-alias.h"
#include "internal-fn.h"
#include "gimple.h"
#include "gimple-expr.h"
#include "gimplify.h"
#include "gimple-fold.h"
#include "gimple-iterator.h"
#include "gimple-walk.h"
#include "context.h"
#include "tree-pass.h"
#include "cfghooks.h"
#include "cfganal.h"
#include "cfgloop.h"
#include "ssa.h"
#include "tree-cfg.h"
#include "tree-into-ssa.h"
#include "ipa-utils.h"
#include "spellcheck.h"
#include "attr-fnspec.h"
#include "options.h"
#include "opts.h"
#include "toplev.h"
#include "target.h"
#include "tree-nested.h"
#include "except.h"
#include "tree-eh.h"
#include "tree-inline.h"
#include "input.h"
#include "intl.h"
#include "diagnostic.h"
#if GCCPLUGIN_VERSION >= 16000
#include "diagnostics/file-cache.h"
#endif
#include "diagnostic-core.h"

#if GCCPLUGIN_VERSION < 12000
static inline bool
startswith(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}
#endif

// `break;`, as the front end has it before it makes it a goto. It may name a loop from 15 on.
static inline tree
compat_build_break(void)
{
#if GCCPLUGIN_VERSION >= 15000
	return build1(BREAK_STMT, void_type_node, NULL_TREE);
#else
	return build0(BREAK_STMT, void_type_node);
#endif
}

// asm ("TEXT") without operands.
static inline void
compat_set_basic_asm(tree t)
{
#if GCCPLUGIN_VERSION >= 15000
	ASM_BASIC_P(t) = 1;
#else
	ASM_INPUT_P(t) = 1;
#endif
}

// Whether another definition may take this one's place when the program is linked or loaded.
static inline bool
compat_replaceable(tree fn)
{
#if GCCPLUGIN_VERSION >= 12000
	return decl_replaceable_p(fn, flag_semantic_interposition);
#else
	return decl_replaceable_p(fn);
#endif
}

// The text of a source line, without its newline. False where there is none.
static inline bool
compat_source_line(const char *file, int line, const char **text, size_t *length)
{
#if GCCPLUGIN_VERSION >= 14000
	auto span = global_dc->get_file_cache().get_source_line(file, line);
#else
	char_span span = location_get_source_line(file, line);
#endif
	if (!span)
		return false;
	*text = span.get_buffer();
	*length = span.length();
	return true;
}

// The column that a diagnostic at S shows, where a tab counts for several.
static inline int
compat_column(expanded_location s)
{
#if GCCPLUGIN_VERSION >= 16000
	return diagnostics::column_policy(*global_dc).converted_column(s);
#elif GCCPLUGIN_VERSION >= 15000
	return diagnostic_column_policy(*global_dc).converted_column(s);
#elif GCCPLUGIN_VERSION >= 14000
	return global_dc->converted_column(s);
#else
	return diagnostic_converted_column(global_dc, s);
#endif
}

// From here on GCC says nothing of OPTION about DECL.
static inline void
compat_no_warning(tree decl, opt_code option)
{
#if GCCPLUGIN_VERSION >= 12000
	suppress_warning(decl, option);
#else
	(void)option;
	TREE_NO_WARNING(decl) = 1;
#endif
}

#endif

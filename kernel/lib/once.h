/* SPDX-License-Identifier: MIT */
/* What was said once need not be said again: a small table of what has been told already. */
#ifndef KEYWARD_KERNEL_LIB_ONCE_H
#define KEYWARD_KERNEL_LIB_ONCE_H

#include "kernel/lib/types.h"

#define ONCE_SITES 64

/* Claimed by compare-and-swap, in any context. */
struct once {
	u64 seen[ONCE_SITES];
};

/*
 * True the first time that it is asked for `what`, which is not 0. When all places are taken,
 * further ones get false; *last says that this was the last place. Any context.
 */
bool once_first(struct once *once, u64 what, bool *last);

/* Everything may be told again. Thread context, with nobody asking meanwhile. */
void once_forget(struct once *once);

#endif

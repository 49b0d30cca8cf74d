/* SPDX-License-Identifier: MIT */
/*
 * What must become of a stray write: by the rules of docs/PKS.md and of the proposal, written apart
 * from the kernel's policy. Pure, also built on the host.
 */
#ifndef KEYWARD_TESTS_STRAY_RULE_H
#define KEYWARD_TESTS_STRAY_RULE_H

#include "tests/stray/wild.h"

/* What holds when it is made. */
struct stray_world {
	bool window; /* the store's writer has its window open, of these pages: */
	u32 first, pages;
	bool pardoned; /* a fault has opened the key to the stray's context, until that ends */
};

enum stray_fate {
	FATE_REFUSED,
	FATE_LANDS,
	FATE_EITHER, /* it depends on what a TLB has kept */
	STRAY_FATES,
};

/* Returns what must become of it, and the reason in words. */
enum stray_fate stray_rule(const struct stray_arm *arm, const struct stray *s,
			   const struct stray_world *w, const char **why);

/*
 * True if an access to a page without rights opens its key to the context until that ends.
 * `marked`: kmap() has marked the page; `open`: it has marked some page of the key.
 */
bool stray_rule_pardons(const struct stray_arm *arm, bool marked, bool open);

/* The same for all accesses of a stray write that is made through a map of its own. */
bool stray_is_pardoned(const struct stray_arm *arm, const struct stray *s,
		       const struct stray_world *w);

/* The error code of a refused write: the rules of "Page-Fault Exceptions". */
u32 stray_error(const struct stray_arm *arm);

/* True if it comes from the context that has the window open, which a key cannot know apart. */
static inline bool stray_is_own(const struct stray *s)
{
	return s->by == BY_THREAD && s->in_window;
}

#endif

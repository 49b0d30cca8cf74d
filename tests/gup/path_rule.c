// SPDX-License-Identifier: MIT
/* What is expected of each path, from the arguments of April 2020 and not from the code. */
#include "tests/gup/path.h"

/* Which calls to the owner a path comes by while it can still return an error. */
static bool asks_in_time(const struct path_trial *t)
{
	switch (t->path) {
	case PATH_PIN: /* both places are in its way */
		return t->hook != ACCESSIBLE_NEVER;
	case PATH_GET: /* the patch asked where a page is pinned, as its content matters then */
	case PATH_SWAP_OUT:
	case PATH_WALK:
	case PATH_COPY_ON_WRITE: /* all make a page of an entry, and pin nothing */
		return t->hook == ACCESSIBLE_PTE;
	default: /* these have no entry in their hands */
		return false;
	}
}

/* Which paths have the page pinned when its owner is asked: the owner cannot take it back then. */
static bool holds_it(const struct path_trial *t)
{
	return t->path == PATH_PIN || t->path == PATH_WRITEBACK || t->path == PATH_SWAP_OUT ||
	       t->path == PATH_COPY_ON_WRITE;
}

/* What comes of a page whose owner has shared it for this path. */
static enum reach shared(const struct path_trial *t)
{
	if (t->moment != MOMENT_TAKEN_BACK)
		return REACH_PREPARED;
	return holds_it(t) ? REACH_HELD_OFF : REACH_UNPREPARED;
}

enum reach path_rule(const struct path_trial *t)
{
	/* a device knows no keys and no page tables, and the user's own mapping is not private */
	if (t->path == PATH_DMA || t->path == PATH_COPY_FROM_USER)
		return REACH_ANYWAY;
	if (t->path == PATH_PIN && t->moment == MOMENT_BETWEEN)
		return REACH_HELD_OFF;
	if (t->moment != MOMENT_BETWEEN && asks_in_time(t))
		return t->refuses ? REACH_REFUSED : shared(t);
	/* both write to a disk, where the patch asked too */
	if (t->hook == ACCESSIBLE_GUP && (t->path == PATH_WRITEBACK || t->path == PATH_SWAP_OUT))
		return t->refuses ? REACH_TOO_LATE : shared(t);
	return REACH_UNPREPARED;
}

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

enum reach path_rule(const struct path_trial *t)
{
	/* a device knows no keys and no page tables, and the user's own mapping is not private */
	if (t->path == PATH_DMA || t->path == PATH_COPY_FROM_USER)
		return REACH_ANYWAY;
	if (t->path == PATH_PIN && t->between)
		return REACH_HELD_OFF;
	if (!t->between && asks_in_time(t))
		return t->refuses ? REACH_REFUSED : REACH_PREPARED;
	/* both write to a disk, where the patch asked too */
	if (t->hook == ACCESSIBLE_GUP && (t->path == PATH_WRITEBACK || t->path == PATH_SWAP_OUT))
		return t->refuses ? REACH_TOO_LATE : REACH_PREPARED;
	return REACH_UNPREPARED;
}

/* SPDX-License-Identifier: MIT */
#include "kernel/lib/glob.h"

static bool at_end(const char *glob)
{
	return *glob == '\0' || *glob == ',';
}

/*
 * Retrying the last * alone suffices, so there is no recursion: an earlier one that took more would
 * leave less of the name for the same rest, so it cannot succeed where the last one fails.
 */
static bool glob_match(const char *glob, const char *name)
{
	const char *star = NULL, *resume = NULL; /* after the last *, and where to retry it */

	while (*name) {
		if (*glob == '*') {
			star = ++glob;
			resume = name;
		} else if (!at_end(glob) && (*glob == '?' || *glob == *name)) {
			glob++;
			name++;
		} else if (star) {
			glob = star;
			name = ++resume;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return at_end(glob);
}

bool glob_list_match(const char *globs, const char *name)
{
	bool all = true;

	while (*globs) {
		if (*globs == ',') {
			globs++;
			continue;
		}
		all = false;
		if (glob_match(globs, name))
			return true;
		while (!at_end(globs))
			globs++;
	}
	return all;
}

/* SPDX-License-Identifier: MIT */
/* The answer of glob_list_match() by its definition, simple and slow. */
#ifndef KEYWARD_TESTS_HOST_GLOB_MODEL_H
#define KEYWARD_TESTS_HOST_GLOB_MODEL_H

#include <string.h>

#include "kernel/lib/types.h"

#define GLOB_MODEL_MAX 256 /* characters of one glob, and of the name */

/* row[j]: whether the glob's first i characters match the name's first j. */
static inline bool glob_model_one(const char *glob, size_t len, const char *name)
{
	size_t n = strlen(name);
	bool row[GLOB_MODEL_MAX + 1] = { true };

	for (size_t i = 0; i < len; i++) {
		bool next[GLOB_MODEL_MAX + 1] = { glob[i] == '*' && row[0] };

		for (size_t j = 1; j <= n; j++) {
			if (glob[i] == '*')
				next[j] = row[j] || next[j - 1];
			else
				next[j] = row[j - 1] && (glob[i] == '?' || glob[i] == name[j - 1]);
		}
		memcpy(row, next, sizeof(row));
	}
	return row[n];
}

static inline bool glob_model(const char *globs, const char *name)
{
	bool any = false;

	while (*globs) {
		size_t len = strcspn(globs, ",");

		if (len && glob_model_one(globs, len, name))
			return true;
		any |= len > 0;
		globs += len + (globs[len] == ',');
	}
	return !any;
}

#endif

/* SPDX-License-Identifier: MIT */
/* Glob matching of test names. Pure; any context. */
#ifndef KEYWARD_KERNEL_LIB_GLOB_H
#define KEYWARD_KERNEL_LIB_GLOB_H

#include "kernel/lib/types.h"

/*
 * True if one of the comma-separated globs matches the whole name: * matches any text, ? any one
 * character, all else itself. Skips empty globs; a list with no other glob matches every name.
 * Takes time at most proportional to the product of the lengths.
 */
bool glob_list_match(const char *globs, const char *name);

#endif

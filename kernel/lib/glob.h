/* SPDX-License-Identifier: MIT */
/* Which tests to run: matching of names. Pure, any context. */
#ifndef KEYWARD_KERNEL_LIB_GLOB_H
#define KEYWARD_KERNEL_LIB_GLOB_H

#include "kernel/lib/types.h"

/*
 * Whether name matches one of the comma-separated globs: * is any text, ? any one character, all
 * else itself, from the name's first character to its last. Empty globs are passed over; a list
 * without any other matches every name. Takes time in proportion to the lengths' product at most.
 */
bool glob_list_match(const char *globs, const char *name);

#endif

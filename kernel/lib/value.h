/* SPDX-License-Identifier: MIT */
/* Values of the command line as numbers, sizes and names. Pure. */
#ifndef KEYWARD_KERNEL_LIB_VALUE_H
#define KEYWARD_KERNEL_LIB_VALUE_H

#include "kernel/lib/types.h"

/* Each returns false, and leaves what it should set undefined, if the text is not of that form. */

/* Finds the word of `len` bytes among the names. */
bool value_find(const char *const *names, unsigned count, const char *word, size_t len,
		unsigned *index);

/* Decimal digits, or hexadecimal ones after 0x; *rest is what follows them. At most 64 bits. */
bool value_number(const char *text, u64 *value, const char **rest);

/* A number, and K, M, G or T in either case if one follows; *rest as above. Below 16 EiB. */
bool value_size(const char *text, u64 *size, const char **rest);

/* A number from 1 to max, and nothing behind it. */
bool value_u32(const char *text, u32 max, u32 *value);

#endif

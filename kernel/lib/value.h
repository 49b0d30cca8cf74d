/* SPDX-License-Identifier: MIT */
/* Numbers and sizes of the command line. Pure. */
#ifndef KEYWARD_KERNEL_LIB_VALUE_H
#define KEYWARD_KERNEL_LIB_VALUE_H

#include "kernel/lib/types.h"

/* Both return false if the text is not of that form; their results are then undefined. */

/* Reads decimal digits, or hexadecimal ones after 0x, of at most 64 bits; *rest is what follows. */
bool value_number(const char *text, u64 *value, const char **rest);

/* Reads a size below 16 EiB: a number and optionally K, M, G or T in either case. */
bool value_size(const char *text, u64 *size, const char **rest);

#endif

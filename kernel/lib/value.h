/* SPDX-License-Identifier: MIT */
/* Numbers and sizes of the command line. Pure. */
#ifndef KEYWARD_KERNEL_LIB_VALUE_H
#define KEYWARD_KERNEL_LIB_VALUE_H

#include "kernel/lib/types.h"

/* Each returns false, and leaves what it should set undefined, if the text is not of that form. */

/* Decimal digits, or hexadecimal ones after 0x; *rest is what follows them. At most 64 bits. */
bool value_number(const char *text, u64 *value, const char **rest);

/* A number, and K, M, G or T in either case if one follows; *rest as above. Below 16 EiB. */
bool value_size(const char *text, u64 *size, const char **rest);

#endif

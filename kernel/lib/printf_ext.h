/* SPDX-License-Identifier: MIT */
/* The letters that may follow %p. For printf.c only. Pure. */
#ifndef KEYWARD_KERNEL_LIB_PRINTF_EXT_H
#define KEYWARD_KERNEL_LIB_PRINTF_EXT_H

#include "kernel/lib/types.h"

#define PRINTF_EXT_MAX 192 /* bytes; every text here fits, a symbol's name is cut to 128 */

/* Writes what %p followed by letter prints. Returns its length, 0 for an unknown letter. */
size_t printf_ext(char text[static PRINTF_EXT_MAX], char letter, const void *arg);

/* Writes 0x and 16 digits; returns the length. */
size_t printf_address(char text[static PRINTF_EXT_MAX], u64 addr);

#endif

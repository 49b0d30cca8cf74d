/* SPDX-License-Identifier: MIT */
/*
 * Formats into memory. Pure; takes no lock; any context, including NMI and panic.
 *
 * d i u x X c s p %, with the flags 0 - + space #, width and precision (also *), and the lengths
 * hh h l ll z t j, all as in C99. A null %s prints (null). An unknown conversion is printed
 * verbatim and takes no argument; %n is unknown on purpose.
 *
 *	%p	0x and 16 digits
 *	%pE	const u64 *: a page fault's error code  [protection write supervisor pkey]
 *	%pK	const u32 *: a value of IA32_PKRS       0xfffffffc {0:rw 1-15:--}
 *	%pS	a code address                          symbol+0x12/0x40, or as %p if unknown
 *
 * The letter follows a complete %p, so that the compiler's format check still works. Never put one
 * of these letters after a plain %p. Rights: rw, r- (no write), -- (no access).
 */
#ifndef KEYWARD_KERNEL_LIB_PRINTF_H
#define KEYWARD_KERNEL_LIB_PRINTF_H

#include "kernel/lib/types.h"

/*
 * Write at most size bytes to buf, including the terminator (always written unless size is 0).
 * Return the length of the whole text, at most INT_MAX: a result >= size means that it was cut. buf
 * may be NULL if size is 0.
 */
int kvsnprintf(char *buf, size_t size, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));
int ksnprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Formatting into memory; pure, takes no lock, safe in any context including NMI and panic.
 *
 * d i u x X c s p %, with the flags 0 - + space #, width and precision (also *), and the lengths
 * hh h l ll z t j, all as in C99. A null %s prints (null). What is not known is printed as it
 * stands and takes no argument; %n is deliberately not known.
 *
 *	%p	0x and 16 digits
 *	%pE	const u64 *: a page fault's error code  [protection write supervisor pkey]
 *	%pK	const u32 *: a value of IA32_PKRS       0xfffffffc {0:rw 1-15:--}
 *	%pS	a code address                          symbol+0x12/0x40, or as %p if unknown
 *
 * The letter stands after a complete %p, so that the compiler's format check still holds; write
 * "%p" "S" nowhere else. Rights: rw, r- (no write), -- (no access).
 */
#ifndef KEYWARD_KERNEL_LIB_PRINTF_H
#define KEYWARD_KERNEL_LIB_PRINTF_H

#include "kernel/lib/types.h"

/*
 * Write at most size bytes to buf, the terminator included (always there unless size is 0). Return
 * the length that the whole text has, INT_MAX if it is longer: a result >= size says that it was
 * cut. buf may be NULL if size is 0.
 */
int kvsnprintf(char *buf, size_t size, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));
int ksnprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif

/* SPDX-License-Identifier: MIT */
/* What a signal says about the access that raised it. Pure. */
#ifndef KEYWARD_TESTS_LINUX_OUTCOME_H
#define KEYWARD_TESTS_LINUX_OUTCOME_H

#include "tests/linux/signals.h"

/* Linux's selectors for user mode, from arch/x86/include/asm/segment.h. */
enum { CS_64 = 0x33, CS_32 = 0x23, SS = 0x2b };

/* Where the process has that code of accesses.S, and the code segment of a mode. */
u64 text_at(u64 code);
u32 code_segment(u32 mode);

/*
 * Returns the outcome of the shot, which was made by `way`. `key`: of the page at CR2, or -1 if
 * there is none of the row. The vector is 0 if Linux names another key than the page's, or none
 * where the processor reports one.
 */
struct outcome outcome_of(const struct shot *s, const struct linux_way *way,
			  const struct signalled *came, int key);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef KEYWARD_KERNEL_BACKTRACE_H
#define KEYWARD_KERNEL_BACKTRACE_H

#include "kernel/lib/types.h"

/*
 * Prints the symbolised chain of callers from `rip` with frame pointer `rbp`. Follows a frame
 * only if it lies in a stack that is known, so damaged chains end instead of faulting. Any context.
 */
void backtrace(u64 rip, u64 rbp);

#endif

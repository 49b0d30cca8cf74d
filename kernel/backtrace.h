/* SPDX-License-Identifier: MIT */
#ifndef KEYWARD_KERNEL_BACKTRACE_H
#define KEYWARD_KERNEL_BACKTRACE_H

#include "kernel/lib/types.h"

/*
 * Prints the symbolised call chain from `rip` and frame pointer `rbp`. Follows a frame only if it
 * lies in a known stack, so a damaged chain ends instead of faulting. Any context.
 */
void backtrace(u64 rip, u64 rbp);

struct regs;

/*
 * Returns the frame of the innermost trap that code with this frame pointer handles, or NULL if it
 * handles none; NMI, #MC, #DF and #DB aside, which have an entry of their own. Any context.
 */
const struct regs *backtrace_trap(u64 rbp);

#endif

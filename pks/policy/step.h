/* SPDX-License-Identifier: MIT */
/*
 * A pardon for one instruction (pardon=instruction): opens the key and sets the trap flag in the
 * saved frame, so that the instruction ends in a #DB, which takes the right back. The rest of it is
 * called by kernel/exception.c, and declared in kernel/cpu/upcalls.h.
 */
#ifndef KEYWARD_PKS_POLICY_STEP_H
#define KEYWARD_PKS_POLICY_STEP_H

#include "kernel/cpu/regs.h"
#include "kernel/lib/types.h"

/*
 * Pardons the instruction that `regs` returns to, for `key`. A second fault of the same instruction
 * adds to its pardon. False, with nothing changed: too many steps are pending, the instruction is
 * not in the kernel's text, or its stack permits no TF (kernel/nmi_stack.h). Called by the fault's
 * handler, any context.
 */
bool pks_step(struct regs *regs, u32 key);

#endif

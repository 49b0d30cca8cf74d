/* SPDX-License-Identifier: MIT */
/*
 * A pardon for one instruction (pardon=instruction): the key is opened in the saved frame and the
 * trap flag set there, so that the instruction ends in a #DB, which takes the right back. The rest
 * of it is called by kernel/exception.c, and declared in kernel/exception.h.
 */
#ifndef KEYWARD_PKS_POLICY_STEP_H
#define KEYWARD_PKS_POLICY_STEP_H

#include "kernel/cpu/regs.h"
#include "kernel/lib/types.h"

/*
 * Pardons the instruction that `regs` returns to, for `key`. A second fault of an instruction that
 * is being pardoned adds to its pardon. False: that cannot be done here, as too many are pending or
 * the code runs on a stack that must be returned to without IRET; nothing is changed. The handler
 * of the fault, any context.
 */
bool pks_step(struct regs *regs, u32 key);

#endif

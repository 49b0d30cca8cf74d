/* SPDX-License-Identifier: MIT */
/*
 * NMIs have two stacks. A trap's return to a handler with TF = 1 needs IRET (kernel/entry.S), which
 * unblocks NMIs, so the next one must come on the stack that is not in use. That is possible while
 * one NMI runs, and it interrupted no IST stack: a nested NMI uses the second stack, and #MC and
 * #DF may have interrupted an NMI. So only such an NMI can be single-stepped, by
 * pks/policy/step.c or by anybody else. In other handlers on IST stacks TF ends at the next return.
 */
#ifndef KEYWARD_KERNEL_NMI_STACK_H
#define KEYWARD_KERNEL_NMI_STACK_H

#include "kernel/cpu/percpu.h"
#include "kernel/cpu/x86.h"
#include "kernel/lib/types.h"

/* True if `rsp` is on the stack of the one NMI that can be stepped. Any context, interrupts off. */
bool nmi_stack_alone(u64 rsp);

/* True if code with this stack pointer can run with TF = 1. Any context, interrupts off. */
static inline bool nmi_stack_permits_tf(u64 rsp)
{
	return rsp - this_cpu()->ist_base > IST_STACKS * STACK_SLOT || nmi_stack_alone(rsp);
}

/*
 * Called before the IRET to a handler with TF = 1 and this stack pointer on an IST stack: lets the
 * next NMI come on the other stack. False: it has none, and the handler must go on without TF.
 * Runs with the handler's rights and the kernel's GS; interrupts off.
 */
bool nmi_stack_swap(u64 rsp);

/*
 * Call nmi_stack_enter() when an NMI begins, with the addresses of its frame and of the interrupted
 * stack, and give its result to nmi_stack_leave() when it ends.
 */
u32 nmi_stack_enter(u64 frame, u64 interrupted);
void nmi_stack_leave(u32 before);

#endif

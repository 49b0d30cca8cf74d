/* SPDX-License-Identifier: MIT */
/* Where traps go after kernel/entry.S: page faults to pks/policy/page_fault.c, the rest from here.
 */
#ifndef KEYWARD_KERNEL_EXCEPTION_H
#define KEYWARD_KERNEL_EXCEPTION_H

#include "kernel/cpu/regs.h"

/* A handler that somebody lends to a vector; true: handled, go on as the frame says. */
typedef bool (*trap_hook_t)(struct regs *regs);

/*
 * Lends `hook` to an exception or interrupt vector, NULL takes it back; returns the hook before.
 * It runs in that trap's context. Thread context; the vector must not come at the same time.
 */
trap_hook_t trap_hook_set(u32 vector, trap_hook_t hook);

/* The vector's hook. Who wants to call it from a hook of his own has to know it before that is set:
 * other processors' traps come at any time. Any context. */
trap_hook_t trap_hook_get(u32 vector);

/* Every trap comes through here, interrupts off, and is left with interrupts off. */
void trap_dispatch(struct regs *regs);

/* The system calls, in kernel/syscall.c. */
void syscall_dispatch(struct regs *regs);
void syscall_init_cpu(void);

/* "#PF page fault" and so on. Any context. */
const char *exception_name(u64 vector);

/*
 * The context that `regs` interrupted cannot go on. If the instruction has a fixup for this, it
 * lands and die() returns. A thread ends, with its report, and the rest runs on; without a thread
 * to end (softirq, interrupt, NMI, preemption off) the kernel panics. A lock that the thread holds
 * stays held: whoever wants it next panics for it. Any context.
 */
void die(struct regs *regs, const char *why, u64 addr);

#endif

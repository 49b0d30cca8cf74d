/* SPDX-License-Identifier: MIT */
/* Dispatches traps after kernel/entry.S: page faults to pks/policy/page_fault.c, the rest here. */
#ifndef KEYWARD_KERNEL_EXCEPTION_H
#define KEYWARD_KERNEL_EXCEPTION_H

#include "kernel/cpu/regs.h"

/* A handler of one vector. Returns true if it has handled the trap: continue as the frame says. */
typedef bool (*trap_hook_t)(struct regs *regs);

/*
 * Installs `hook` for an exception or interrupt vector, or none if NULL; returns the previous one.
 * The hook runs in the trap's context. Thread context; the vector must not arrive meanwhile.
 */
trap_hook_t trap_hook_set(u32 vector, trap_hook_t hook);

/*
 * Returns the vector's hook. A hook that chains to it must read it before installing itself: traps
 * on other CPUs can arrive at any time. Any context.
 */
trap_hook_t trap_hook_get(u32 vector);

/* Returns how often an interrupt of this vector has come without a handler. Any context. */
u32 trap_strays(u32 vector);

/* Handles every trap. Entered and left with interrupts off. */
void trap_dispatch(struct regs *regs);

/* Returns "#PF page fault" and so on; "interrupt" for other vectors. Any context. */
const char *exception_name(u64 vector);

/*
 * Ends the context that `regs` interrupted. If the instruction has a fixup for this, die() returns,
 * with the frame at the fixup. Otherwise the thread ends with a report and the rest runs on, or the
 * kernel panics at once with the same report. Any context. What was running decides:
 *
 *   a thread, its system call or exception, user mode    the thread ends
 *     with local maps open                               dropped, with a warning
 *     with preemption off (kmap_atomic())                on again when the thread has ended
 *     with interrupts off                                likewise
 *     in wait_event(), or on its way to sleep            leaves the queue
 *     with preemption and interrupts off                 panic: other CPUs may use its stack
 *     with a spinlock or a mutex held                    panic: its data may be half-changed
 *   an essential thread: main, idle, the worker          panic
 *   softirq, interrupt, NMI, #MC, #DF, boot              panic: there is no thread to end
 *
 * The report names each spinlock that the CPU holds, and where it was taken.
 */
void die(struct regs *regs, const char *why, u64 addr);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Ways to come between any two instructions of the kernel, also where interrupts are off: what the
 * NMI-like contexts must stand, made deterministic.
 */
#ifndef KEYWARD_TESTS_HARNESS_INJECT_H
#define KEYWARD_TESTS_HARNESS_INJECT_H

#include "kernel/exception.h"

/*
 * Runs fn(arg) under the trap flag: #DB, and in it `hook`, after each instruction. Only the running
 * thread is stepped. Returns the number of steps. Thread context.
 */
u32 single_step(void (*fn)(void *), void *arg, trap_hook_t hook);

/*
 * For the handler of an exception or interrupt, interrupts off: an NMI becomes pending that is
 * delivered by the IRET at the handler's end, so that it hits the interrupted code at exactly that
 * place. `hook` gets it; the caller takes the NMI's hook back when all is over. Where the handler's
 * end switches threads, the NMI comes with the next thread's IRET; until then no other is raised.
 * On the boot processor alone; elsewhere it does nothing.
 */
void nmi_at_iret(trap_hook_t hook);

/* Whether the instruction at `rip` is WRMSR. */
static inline bool at_wrmsr(u64 rip)
{
	return *(const u16 *)rip == 0x300f;
}

#endif

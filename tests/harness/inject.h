/* SPDX-License-Identifier: MIT */
/*
 * Injects a trap or an NMI between any two instructions of the kernel, even with interrupts off, at
 * a chosen place.
 */
#ifndef KEYWARD_TESTS_HARNESS_INJECT_H
#define KEYWARD_TESTS_HARNESS_INJECT_H

#include "kernel/exception.h"

/*
 * Runs fn(arg) with TF set: `hook`, unless NULL, runs in a #DB after each instruction of the
 * running thread, and of no other. Returns the number of steps. Thread context.
 */
u32 single_step(void (*fn)(void *), void *arg, trap_hook_t hook);

/*
 * Makes an NMI pending that the next IRET delivers. Called from an exception or interrupt handler
 * with interrupts off, that is the IRET at the handler's end: the NMI hits the interrupted code
 * exactly where it was interrupted. `hook` handles it; the caller resets the NMI's hook afterwards.
 * If the handler's end switches threads, the NMI comes with the next thread's IRET; until then
 * further calls do nothing. On the boot CPU only; elsewhere it does nothing.
 */
void nmi_at_iret(trap_hook_t hook);

/* True if the instruction at `rip` is WRMSR. */
static inline bool at_wrmsr(u64 rip)
{
	return *(const u16 *)rip == 0x300f;
}

#endif

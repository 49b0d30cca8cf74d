// SPDX-License-Identifier: MIT
/*
 * The functions that patch sites call with trace=on, from kernel/trace/trace_trampoline.S or from a
 * trap's entry. They record the rights in the mirror, which are right even if an NMI comes before
 * WRMSR.
 */
#include "kernel/cpu/trace.h"
#include "kernel/exception.h"
#include "kernel/thread.h"

void trace_rights(u32 pkrs, u64 rip);
void trace_switch(const struct thread *prev, const struct thread *next);
void trap_dispatch_traced(struct regs *regs);

void trace_rights(u32 pkrs, u64 rip)
{
	trace(TRACE_RIGHTS, pkrs, rip);
}

void trace_switch(const struct thread *prev, const struct thread *next)
{
	trace(TRACE_SWITCH, next->id | (u64)prev->id << 32,
	      thread_saved_pkrs(next) | (u64)prev->state << 32);
}

/* Replaces trap_dispatch(). Reads the rights in the frame again on exit: a pardon changes them. */
void trap_dispatch_traced(struct regs *regs)
{
	u64 vector = regs->vector;

	trace(TRACE_ENTER, vector, (u32)regs_pkrs(regs) | this_cpu()->pkrs << 32);
	trap_dispatch(regs);
	trace(TRACE_LEAVE, vector, (u32)regs_pkrs(regs));
}

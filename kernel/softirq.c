// SPDX-License-Identifier: MIT
#include "kernel/softirq.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/trace.h"
#include "pks/pkrs.h"

static void (*handlers[SOFTIRQS])(void); /* written before the first raise */

void softirq_register(enum softirq nr, void (*handler)(void))
{
	handlers[nr] = handler;
}

static void run_one(enum softirq nr)
{
	struct local *local = &this_cpu()->local[LOCAL_SOFTIRQ]; /* no switch in here */
	struct local *outer_local = local_set(local);
	u32 maps = local_enter(local), outer;

	BUG_ON(!handlers[nr]);
	trace_inner(TRACE_ENTER, TRACE_SOFTIRQ + nr, (u32)this_cpu()->pkrs);
	outer = pkrs_enter();
	irq_enable();
	handlers[nr]();
	irq_disable();
	local_leave(local, maps);
	local_set(outer_local);
	trace_inner(TRACE_LEAVE, TRACE_SOFTIRQ + nr, outer);
	pkrs_exit(outer);
}

void softirq_run(void)
{
	struct cpu *cpu = this_cpu(); /* no switch while the softirq count is up */

	context_enter(CONTEXT_SOFTIRQ);
	while (cpu->softirq_pending) {
		enum softirq nr = (enum softirq)__builtin_ctz(cpu->softirq_pending);

		cpu->softirq_pending &= ~(1u << nr);
		run_one(nr);
	}
	context_leave(CONTEXT_SOFTIRQ);
}

void softirq_raise(enum softirq nr)
{
	u64 flags = irq_save();

	this_cpu()->softirq_pending |= 1u << nr;
	if (!in_interrupt())
		softirq_run();
	irq_restore(flags);
}

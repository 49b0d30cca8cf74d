// SPDX-License-Identifier: MIT
#include "kernel/softirq.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/insn.h"
#include "kernel/ctx.h"

static void (*handlers[SOFTIRQS])(void); /* written before the first raise */

void softirq_register(enum softirq nr, void (*handler)(void))
{
	handlers[nr] = handler;
}

static void run_one(enum softirq nr)
{
	struct ctx ctx =
		ctx_enter(CTX_SOFTIRQ, TRACE_SOFTIRQ + nr); /* no thread switch from here */

	BUG_ON(!handlers[nr]);
	irq_enable();
	handlers[nr]();
	irq_disable();
	ctx_leave(ctx, CTX_SOFTIRQ, TRACE_SOFTIRQ + nr);
}

void softirq_run(void)
{
	struct cpu *cpu = this_cpu(); /* interrupts are off, or the softirq count is up */

	while (cpu->softirq_pending) {
		enum softirq nr = (enum softirq)__builtin_ctz(cpu->softirq_pending);

		cpu->softirq_pending &= ~(1u << nr);
		run_one(nr);
	}
}

void softirq_raise(enum softirq nr)
{
	u64 flags = irq_save();

	this_cpu()->softirq_pending |= 1u << nr;
	if (!in_interrupt())
		softirq_run();
	irq_restore(flags);
}

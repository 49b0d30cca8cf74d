// SPDX-License-Identifier: MIT
#include "kernel/softirq.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/insn.h"
#include "kernel/ctx.h"
#include "kernel/lib/atomic.h"

static void (*handlers[SOFTIRQS])(void); /* written before the first raise */

void softirq_register(enum softirq nr, void (*handler)(void))
{
	handlers[nr] = handler;
}

/*
 * The pending softirqs of this CPU change in one instruction each: no interrupt or NMI that raises
 * another can come in between.
 */
static void pending_add(u32 bit)
{
	asm volatile("orl %0, %%gs:%c1"
		     :
		     : "ri"(bit), "i"(offsetof(struct cpu, softirq_pending))
		     : "memory", "cc");
}

static void pending_remove(u32 bit)
{
	asm volatile("andl %0, %%gs:%c1"
		     :
		     : "ri"(~bit), "i"(offsetof(struct cpu, softirq_pending))
		     : "memory", "cc");
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

	u32 pending;

	while ((pending = READ_ONCE(cpu->softirq_pending))) {
		enum softirq nr = (enum softirq)__builtin_ctz(pending);

		pending_remove(1u << nr);
		run_one(nr);
	}
}

void softirq_raise(enum softirq nr)
{
	u64 flags = irq_save();

	pending_add(1u << nr);
	if (!in_interrupt())
		softirq_run();
	irq_restore(flags);
}

// SPDX-License-Identifier: MIT
#include "kernel/ipi.h"
#include "kernel/apic.h"
#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/exception.h"
#include "kernel/lib/atomic.h"
#include "kernel/thread.h"
#include "kernel/time.h"

#define TIMEOUTS_MAX 5       /* then the kernel panics */
#define NMI_SPINS    1000000 /* a report does not wait long for an NMI's effect */

u64 ipi_timeout_ns = IPI_TIMEOUT_NS;
u32 ipi_warnings;

/* What an NMI is for, as bits of cpu->nmi_asks. */
enum { NMI_ASKS_WHERE = 1, NMI_ASKS_STOP = 2 };

/* A function for one or more CPUs to run; lies on the stack of the CPU that waits. */
struct ipi_call {
	void (*fn)(void *arg);
	void *arg;
	u64 answered[CPUS_MAX / 64]; /* one bit per CPU; set by that CPU, read by the waiting one */
};

static bool has_answered(const struct ipi_call *call, const struct cpu *cpu)
{
	return smp_load_acquire(&call->answered[cpu->id / 64]) >> cpu->id % 64 & 1;
}

/* The last access to a call: the waiting CPU may reuse its memory from now on. */
static void answer(struct ipi_call *call, const struct cpu *cpu)
{
	atomic_or(BIT(cpu->id % 64), &call->answered[cpu->id / 64]);
}

static bool call_handler(struct regs *regs)
{
	struct cpu *cpu = this_cpu();
	struct ipi_call *call = xchg(&cpu->call, NULL);

	(void)regs;
	if (call) { /* interrupts may merge, and a late one may find no call */
		call->fn(call->arg);
		answer(call, cpu);
	}
	return true;
}

static bool reschedule_handler(struct regs *regs)
{
	(void)regs;
	return true; /* the sender has set need_resched, which interrupt() checks on its way out */
}

void ipi_init(void)
{
	trap_hook_set(VECTOR_CALL, call_handler);
	trap_hook_set(VECTOR_RESCHEDULE, reschedule_handler);
}

static void ask_by_nmi(struct cpu *cpu, u32 what)
{
	atomic_or(what, &cpu->nmi_asks);
	apic_send_nmi(cpu->apic_id);
}

/* Waits briefly until the NMI is taken; false if it is not. */
static bool let_answer(const struct cpu *cpu, u32 what)
{
	for (u32 spins = 0; spins < NMI_SPINS; spins++) {
		if (!(smp_load_acquire(&cpu->nmi_asks) & what))
			return true;
		cpu_relax();
	}
	return false;
}

/* Prints here, not on `cpu`: an NMI takes no lock, so its text would be torn. */
static void report_where(struct cpu *cpu)
{
	const struct thread *t = cpu->current;

	ask_by_nmi(cpu, NMI_ASKS_WHERE);
	if (let_answer(cpu, NMI_ASKS_WHERE))
		pr("# CPU %u is at %016lx %p"
		   "S, interrupts %s, %lu ticks, thread %s\n",
		   cpu->id, cpu->where_rip, (void *)cpu->where_rip,
		   cpu->where_flags & RFLAGS_IF ? "on" : "off", cpu->ticks, t ? t->name : "none");
	else
		pr("# CPU %u does not take NMIs\n", cpu->id);
}

/* A wait for `cpu` since `since` (ns). Each timeout warns, the last one panics. */
struct wait {
	struct cpu *cpu;
	const struct ipi_call *call;
	bool asked; /* the call is in the CPU's slot, or was */
	u64 since;
	u32 timeouts;
};

/* Racy: the CPU may take the call meanwhile. */
static const char *how_far(const struct wait *wait)
{
	if (!wait->asked)
		return "not asked: another CPU's call is in its slot";
	return READ_ONCE(wait->cpu->call) == wait->call ? "asked, it has not taken the call"
							: "asked, it still runs the call";
}

static void wait_on(struct wait *wait)
{
	cpu_relax();
	if (now_ns() - wait->since < (wait->timeouts + 1) * ipi_timeout_ns)
		return;
	if (++wait->timeouts == TIMEOUTS_MAX)
		panic("CPU %u does not answer other CPUs (%s)", wait->cpu->id, how_far(wait));
	pr("# WARNING: CPU %u has not answered CPU %u for %lu ms (%s)\n", wait->cpu->id,
	   this_cpu()->id, (now_ns() - wait->since) / 1000000, how_far(wait));
	report_where(wait->cpu);
	atomic_inc(&ipi_warnings);
}

static struct wait wait_begin(struct cpu *cpu, const struct ipi_call *call, bool asked)
{
	return (struct wait){ cpu, call, asked, now_ns(), 0 };
}

/* Waits until the CPU's only slot is empty, and puts the call there. */
static void post(struct cpu *cpu, struct ipi_call *call)
{
	struct wait wait = wait_begin(cpu, call, false);
	struct ipi_call *none = NULL;

	while (!try_cmpxchg(&cpu->call, &none, call)) {
		none = NULL;
		wait_on(&wait);
	}
	percpu_count(calls);
	apic_send_ipi(cpu->apic_id, VECTOR_CALL);
}

static void await(struct cpu *cpu, const struct ipi_call *call)
{
	struct wait wait = wait_begin(cpu, call, true);

	while (!has_answered(call, cpu))
		wait_on(&wait);
}

static void run_here(void (*fn)(void *arg), void *arg)
{
	u64 flags = irq_save();

	fn(arg);
	irq_restore(flags);
}

void ipi_run_on(struct cpu *cpu, void (*fn)(void *arg), void *arg)
{
	struct ipi_call call = { .fn = fn, .arg = arg };

	preempt_disable(); /* so that this_cpu() stays the same */
	if (cpu == this_cpu()) {
		run_here(fn, arg);
	} else {
		BUG_ON(!irqs_enabled());
		post(cpu, &call);
		await(cpu, &call);
	}
	preempt_enable();
}

void ipi_run_on_all(void (*fn)(void *arg), void *arg)
{
	struct ipi_call call = { .fn = fn, .arg = arg };
	u32 count = smp_load_acquire(&cpu_count);

	preempt_disable();
	BUG_ON(count > 1 && !irqs_enabled());
	for (u32 i = 0; i < count; i++)
		if (cpus[i] != this_cpu())
			post(cpus[i], &call);
	run_here(fn, arg);
	for (u32 i = 0; i < count; i++)
		if (cpus[i] != this_cpu())
			await(cpus[i], &call);
	preempt_enable();
}

void ipi_reschedule(struct cpu *cpu)
{
	apic_send_ipi(cpu->apic_id, VECTOR_RESCHEDULE);
}

void ipi_send_nmi(struct cpu *cpu)
{
	apic_send_nmi(cpu->apic_id);
}

void ipi_ask_others_where(void)
{
	u32 count = smp_load_acquire(&cpu_count);

	for (u32 i = 0; i < count; i++)
		if (cpus[i] != this_cpu())
			report_where(cpus[i]);
}

void ipi_stop_others(void)
{
	u32 count = smp_load_acquire(&cpu_count);
	static bool done; /* atomic */

	if (xchg(&done, true))
		return;
	for (u32 i = 0; i < count; i++)
		if (cpus[i] != this_cpu())
			ask_by_nmi(cpus[i], NMI_ASKS_STOP);
	for (u32 i = 0; i < count; i++)
		if (cpus[i] != this_cpu())
			let_answer(cpus[i], NMI_ASKS_STOP);
}

bool ipi_nmi(const struct regs *regs)
{
	struct cpu *cpu = this_cpu();
	u32 asks = smp_load_acquire(&cpu->nmi_asks);

	if (asks & NMI_ASKS_WHERE) {
		cpu->where_rip = regs->rip;
		cpu->where_flags = regs->rflags;
	}
	atomic_and(~asks, &cpu->nmi_asks); /* done with these */
	if (asks & NMI_ASKS_STOP)
		for (;;) /* interrupts are off, and NMIs blocked */
			asm volatile("hlt");
	return asks;
}

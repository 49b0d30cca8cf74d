// SPDX-License-Identifier: MIT
/*
 * One interrupt, which sends an IPI to its own CPU, while a thread sends one to another CPU. In
 * xAPIC mode that takes two writes, of the destination and of the rest.
 */
#define KTEST_SUITE "once"

#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "kernel/time.h"
#include "tests/once/once.h"

#define WAIT_NS 2000000000ULL

static u32 recalls_here, recalls_there; /* before the run */

static struct cpu *there(void)
{
	return this_cpu() == cpus[0] ? cpus[cpu_count - 1] : cpus[0];
}

/* A recall is counted, and harms nobody. */
static void begin_send(void)
{
	recalls_here = this_cpu()->pkrs_recalls;
	recalls_there = smp_load_acquire(&there()->pkrs_recalls);
}

static void run_send(void)
{
	apic_send_ipi(there()->apic_id, VECTOR_RECALL);
}

static void event_send(u32 turn)
{
	(void)turn;
	apic_send_ipi(this_cpu()->apic_id, VECTOR_RECALL);
}

/* Waits for a CPU's recall; returns how many it has made. */
static u32 recalls_since(const struct cpu *cpu, u32 before)
{
	u64 end = now_ns() + WAIT_NS;

	while (smp_load_acquire(&cpu->pkrs_recalls) == before && now_ns() < end)
		cpu_relax();
	return smp_load_acquire(&cpu->pkrs_recalls) - before;
}

static void end_send(void)
{
	ONCE_EQ(recalls_since(there(), recalls_there), 1, "the other CPU gets its IPI");
	if (once_taken())
		ONCE_EQ(recalls_since(this_cpu(), recalls_here), 1, "this CPU gets its own");
}

static const struct once of_ipi = { "an IPI", BIT(ONCE_INTERRUPT), false,   1, begin_send,
				    run_send, event_send,          end_send };

static void an_ipi_survives_one_interrupt(void)
{
	once_on_first_and_last(&of_ipi, 10);
}
KTEST(an_ipi_survives_one_interrupt, KT_PKS | KT_SMP);

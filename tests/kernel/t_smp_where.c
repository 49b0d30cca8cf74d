// SPDX-License-Identifier: MIT
/*
 * A CPU asks the others by NMI where they are, for a report. What this cannot know: what the report
 * prints; tests/selftest/run reads that.
 */
#define KTEST_SUITE "smp"

#include "kernel/cpu/insn.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/time.h"
#include "tests/harness/expect.h"
#include "tests/harness/percpu_run.h"

#define ASKS_MAX    50 /* an NMI may hit the tick's handler, which has interrupts off */
#define PATIENCE_NS 4000000000ULL

/* Only the asking member writes `over`; the others write `here`, each before it stays. */
static struct {
	u32 from, here; /* here: atomic */
	bool irqs, over;
} stay;

extern const char stays_begin[], stays_end[];

/* Stays between two labels until the asking member has seen it there. */
static __attribute__((noinline)) void stay_here(void)
{
	u64 flags = irq_save();

	if (stay.irqs)
		irq_restore(flags);
	atomic_inc(&stay.here);
	asm volatile(".globl stays_begin, stays_end\n"
		     "stays_begin: pause; cmpb $0, %0; je stays_begin\n"
		     "stays_end:"
		     :
		     : "m"(stay.over)
		     : "memory", "cc");
	irq_restore(flags);
}

/* Whether CPU i was interrupted where it stays, with the flags that it has there. */
static bool was_there(const struct cpu *cpu)
{
	return cpu->where_rip >= (u64)stays_begin && cpu->where_rip < (u64)stays_end &&
	       !(cpu->where_flags & RFLAGS_IF) == !stay.irqs;
}

static bool all_were_there(void)
{
	for (u32 i = 0; i < cpu_count; i++)
		if (i != stay.from && !was_there(cpus[i]))
			return false;
	return true;
}

/* The report does not wait long for an NMI: on a busy host it may come later. */
static void expect_no_ask_left(void)
{
	u64 end = now_ns() + PATIENCE_NS;

	for (u32 i = 0; i < cpu_count; i++) {
		while (smp_load_acquire(&cpus[i]->nmi_asks) && now_ns() < end)
			cpu_relax();
		EXPECT_EQ(smp_load_acquire(&cpus[i]->nmi_asks), 0);
	}
}

static void ask(void)
{
	u32 asks = 0;

	do {
		for (u32 i = 0; i < cpu_count; i++)
			cpus[i]->where_rip = cpus[i]->where_flags = 0;
		ipi_ask_others_where();
		expect_no_ask_left();
		EXPECT_EQ(this_cpu()->where_rip, 0); /* nobody has asked this CPU */
	} while (!all_were_there() && stay.irqs && ++asks < ASKS_MAX);
	EXPECT(all_were_there());
}

static void ask_or_stay(u32 member, void *arg)
{
	(void)arg;
	if (member != stay.from) {
		stay_here();
		return;
	}
	while (smp_load_acquire(&stay.here) < cpu_count - 1)
		cpu_relax();
	ask();
	smp_store_release(&stay.over, true);
}

/* The first and the last CPU ask, while the others have interrupts off, and on. */
static void each_other_cpu_says_where_it_is(void)
{
	for (u32 i = 0; i < 4; i++) {
		stay.from = i & 1 ? cpu_count - 1 : 0;
		stay.irqs = i & 2;
		stay.here = 0;
		stay.over = false;
		percpu_run(ask_or_stay, NULL);
	}
}
KTEST(each_other_cpu_says_where_it_is, KT_SMP);

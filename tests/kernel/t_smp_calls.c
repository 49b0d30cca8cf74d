// SPDX-License-Identifier: MIT
/*
 * Calls from CPU to CPU: from each to each, whatever the other does meanwhile. A CPU has one slot
 * for a call. What this cannot know: whether an interrupt would be lost if it came an instruction
 * earlier or later.
 */
#define KTEST_SUITE "smp"

#include "kernel/cpu/context.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "tests/harness/contexts.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"

#define PATIENCE_NS 4000000000ULL

/* How often a call ran on each CPU; each CPU writes its own. */
static u64 ran[CPUS_MAX];

static void note(void *arg)
{
	EXPECT(!irqs_enabled());
	EXPECT(!arg || this_cpu() == arg);
	ran[this_cpu()->id]++;
}

static void clear_notes(void)
{
	for (u32 i = 0; i < cpu_count; i++)
		ran[i] = 0;
}

static void expect_notes(u64 each)
{
	for (u32 i = 0; i < cpu_count; i++)
		EXPECT_EQ(smp_load_acquire(&ran[i]), each);
}

/* Members call by turns: each CPU in turn, then all of them. When a call returns, it has run. */
static void call_in_turn(u32 member, void *arg)
{
	(void)arg;
	for (u32 turn = 0; turn < cpu_count; turn++) {
		percpu_meet();
		if (member != turn)
			continue;
		clear_notes();
		for (u32 to = 0; to < cpu_count; to++) {
			ipi_run_on(cpus[to], note, cpus[to]);
			EXPECT_EQ(smp_load_acquire(&ran[to]), 1);
		}
		expect_notes(1);
		ipi_run_on_all(note, NULL);
		expect_notes(2);
	}
}

static void each_cpu_calls_each(void)
{
	percpu_run(call_in_turn, NULL);
}
KTEST(each_cpu_calls_each, KT_SMP);

static void call_the_other_end(u32 member, void *arg)
{
	u32 last = cpu_count - 1;

	(void)arg;
	for (u32 i = 0; (member == 0 || member == last) && i < ktest_rounds(); i++)
		ipi_run_on(cpus[last - member], note, cpus[last - member]);
}

/* The first and the last CPU each wait for the other's answer, again and again. */
static void two_cpus_call_each_other_at_once(void)
{
	clear_notes();
	percpu_run(call_the_other_end, NULL);
	EXPECT_EQ(ran[0], ktest_rounds());
	EXPECT_EQ(ran[cpu_count - 1], ktest_rounds());
}
KTEST(two_cpus_call_each_other_at_once, KT_SMP);

static struct {
	u32 from, to;
	enum test_context context;
	bool holds; /* the called CPU is in the context */
} busy;

/* With interrupts on, the call runs meanwhile; else only when the context has ended. */
static void hold_the_cpu(void *arg)
{
	u64 end = now_ns() + PATIENCE_NS;
	bool on = irqs_enabled();

	(void)arg;
	smp_store_release(&busy.holds, true);
	while (!(on ? smp_load_acquire(&ran[busy.to]) : (u64)smp_load_acquire(&this_cpu()->call)) &&
	       now_ns() < end)
		cpu_relax();
	if (on) {
		EXPECT_EQ(smp_load_acquire(&ran[busy.to]), 1);
		return;
	}
	EXPECT(smp_load_acquire(&this_cpu()->call));
	spin_ns(100000);
	EXPECT_EQ(smp_load_acquire(&ran[busy.to]), 0);
}

static void call_a_busy_cpu(u32 member, void *arg)
{
	(void)arg;
	if (member == busy.to) {
		run_in(busy.context, hold_the_cpu, NULL);
	} else if (member == busy.from) {
		while (!smp_load_acquire(&busy.holds))
			cpu_relax();
		ipi_run_on(cpus[busy.to], note, cpus[busy.to]);
		EXPECT_EQ(smp_load_acquire(&ran[busy.to]), 1);
	}
}

static void try_busy(u32 from, u32 to)
{
	for (enum test_context c = IN_SOFTIRQ; c < TEST_CONTEXTS; c++) {
		clear_notes();
		busy.from = from;
		busy.to = to;
		busy.context = c;
		busy.holds = false;
		percpu_run(call_a_busy_cpu, NULL);
		EXPECT_EQ(ran[to], 1);
	}
}

/* In a softirq, an interrupt, an exception, an NMI and a machine check. */
static void a_call_waits_for_the_context_that_it_meets(void)
{
	try_busy(0, cpu_count - 1);
	try_busy(cpu_count - 1, 0);
}
KTEST(a_call_waits_for_the_context_that_it_meets, KT_SMP);

static bool is_idle(const struct cpu *cpu)
{
	return smp_load_acquire(&cpu->current) == cpu->idle;
}

/* The CPU is halted: the interrupt wakes it. */
static void an_idle_cpu_answers(void)
{
	for (u32 i = 0; i < cpu_count; i++) {
		u64 end = now_ns() + PATIENCE_NS;

		if (cpus[i] == this_cpu())
			continue;
		while (!is_idle(cpus[i]) && now_ns() < end)
			cpu_relax();
		EXPECT(is_idle(cpus[i]));
		spin_ns(100000);
		ran[i] = 0;
		ipi_run_on(cpus[i], note, cpus[i]);
		EXPECT_EQ(ran[i], 1);
	}
}
KTEST(an_idle_cpu_answers, KT_SMP);

static struct {
	u32 from, last; /* the caller, and the CPU that answers last */
	bool returned;
} slow;

static bool others_ran(void)
{
	for (u32 i = 0; i < cpu_count; i++)
		if (i != slow.last && !smp_load_acquire(&ran[i]))
			return false;
	return true;
}

static void call_all(u32 member, void *arg)
{
	u64 end = now_ns() + PATIENCE_NS, flags = irq_save();

	(void)arg;
	if (member != slow.last)
		irq_restore(flags);
	percpu_meet();
	if (member == slow.from) {
		ipi_run_on_all(note, NULL);
		smp_store_release(&slow.returned, true);
	} else if (member == slow.last) {
		while (!others_ran() && now_ns() < end)
			cpu_relax();
		spin_ns(100000);
		EXPECT(!smp_load_acquire(&slow.returned));
		irq_restore(flags);
	}
}

static void let_answer_last(u32 from, u32 last)
{
	clear_notes();
	slow.from = from;
	slow.last = last;
	slow.returned = false;
	percpu_run(call_all, NULL);
	expect_notes(1);
}

/* One CPU has interrupts off until all others have answered. */
static void a_call_to_all_waits_for_the_last_answer(void)
{
	u32 last = cpu_count - 1;

	let_answer_last(0, last);
	let_answer_last(last, 0);
	let_answer_last(0, 1);
	let_answer_last(last, last - 1);
}
KTEST(a_call_to_all_waits_for_the_last_answer, KT_SMP);

static u32 callers; /* atomic */

static void do_nothing(void *arg)
{
	(void)arg;
}

/*
 * All members but 0 call CPU 0, whose interrupts stay off until all of them wait. An NMI is no
 * reason to run a call: what it interrupted has interrupts off.
 */
static void queue_up(u32 member, void *arg)
{
	u64 flags;

	(void)arg;
	if (member) {
		percpu_meet();
		atomic_inc(&callers);
		ipi_run_on(cpus[0], note, cpus[0]);
		return;
	}
	flags = irq_save();
	percpu_meet();
	while (smp_load_acquire(&callers) < cpu_count - 1)
		cpu_relax();
	spin_ns(1000000);
	EXPECT(smp_load_acquire(&this_cpu()->call));
	run_in(IN_NMI, do_nothing, NULL);
	EXPECT_EQ(smp_load_acquire(&ran[0]), 0);
	irq_restore(flags);
}

/* The slot is full for all callers but the first: none of their calls is lost. */
static void calls_wait_for_the_slot(void)
{
	for (u32 i = 0; i < ktest_rounds() / 5; i++) {
		clear_notes();
		callers = 0;
		percpu_run(queue_up, NULL);
		EXPECT_EQ(ran[0], cpu_count - 1);
	}
}
KTEST(calls_wait_for_the_slot, KT_SMP);

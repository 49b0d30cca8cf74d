// SPDX-License-Identifier: MIT
/*
 * What a thread has begun elsewhere before it dies goes on without it: work, softirqs, threads.
 * What this cannot know: work whose item lies on the stack of the dead thread; it must outlive its
 * run.
 */
#define KTEST_SUITE "threads"

#include "kernel/cpu/context.h"
#include "kernel/lib/atomic.h"
#include "kernel/softirq.h"
#include "kernel/work.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"
#include "tests/kernel/death.h"

static struct work works[2];
static u32 ran, softirqs; /* atomic */
static struct thread *child;

static void check_rights(void)
{
	if (pks_on())
		EXPECT_RIGHTS(PKRS_INIT);
}

static void run(struct work *work)
{
	EXPECT(work == &works[atomic_inc_return(&ran) - 1]);
	check_rights();
}

static void softirq(void)
{
	check_rights();
	atomic_inc(&softirqs);
}

static int live_on(void *arg)
{
	check_rights();
	return (int)(u64)arg;
}

/* With a key open, which none of these inherits, and preemption off, so that it dies first. */
static int begin_and_die(void *arg)
{
	(void)arg;
	pks_set_readwrite(KEY_A);
	preempt_disable();
	work_queue(&works[0]);
	work_queue(&works[1]);
	child = thread_create("child", live_on, (void *)42);
	irq_disable();
	this_cpu()->softirq_pending |= 1u << SOFTIRQ_TEST; /* as an NMI leaves it */
	irq_enable();
	killer->fn();
	return 0;
}

static void die_busily(struct cpu *cpu)
{
	struct thread *t = doomed(cpu, begin_and_die, NULL);
	struct thread_end end;

	REQUIRE(t);
	ran = 0;
	softirqs = 0;
	child = NULL;
	for (u32 i = 0; i < ARRAY_SIZE(works); i++)
		work_init(&works[i], run);
	thread_launch(t);
	end = thread_join(t);
	EXPECT_EQ(end.fault.vector, killer->vector);
	for (u32 i = 0; i < ARRAY_SIZE(works); i++) {
		work_wait(&works[i], 1);
		EXPECT_EQ(works[i].done, 1);
	}
	EXPECT_EQ(ran, ARRAY_SIZE(works));
	if (EXPECT(child))
		EXPECT_EQ(thread_join(child).code, 42);
	percpu_run_on(cpu, check_cpu, cpu); /* takes an interrupt */
	EXPECT_EQ(softirqs, 1);
}

static void what_a_dead_thread_has_begun_goes_on(void)
{
	softirq_register(SOFTIRQ_TEST, softirq);
	for (u32 i = 0; i < KILLERS; i++) {
		killer = &killers[i];
		die_busily(cpus[i & 1 ? cpu_count - 1 : 0]);
	}
}
KTEST(what_a_dead_thread_has_begun_goes_on, KT_STRESS);

static struct spinlock lock = SPINLOCK_INIT;
static u32 turn, value; /* `value`: under the lock */

static void hold_lock(void)
{
	u64 flags = spin_lock_irqsave(&lock);

	smp_store_release(&turn, 1);
	while (smp_load_acquire(&turn) == 1)
		cpu_relax();
	spin_ns(100000); /* the other CPU asks meanwhile */
	value++;
	spin_unlock_irqrestore(&lock, flags);
}

static void in_a_softirq(void *arg)
{
	(void)arg;
	softirq_register(SOFTIRQ_TEST, hold_lock);
	softirq_raise(SOFTIRQ_TEST);
}

static int hold_on(void *cpu)
{
	percpu_run_on(cpu, in_a_softirq, NULL);
	return 0;
}

/* Asks for the lock while a softirq of `holder` has it, and dies once it is free again. */
static int ask_and_die(void *arg)
{
	u64 flags;

	while (smp_load_acquire(&turn) != 1)
		cpu_relax();
	smp_store_release(&turn, 2);
	flags = spin_lock_irqsave(&lock);
	value += *(u32 *)arg = value; /* 1, if the holder came first */
	spin_unlock_irqrestore(&lock, flags);
	killer->fn();
	return 0;
}

static void ask_and_die_on(struct cpu *asker, struct cpu *holder)
{
	u32 found = 0;
	struct thread *t = doomed(asker, ask_and_die, &found), *other;

	REQUIRE(t);
	turn = 0;
	value = 0;
	other = thread_create("holder", hold_on, holder);
	thread_launch(t);
	EXPECT_EQ(thread_join(t).fault.vector, killer->vector);
	if (EXPECT(other))
		thread_join(other);
	EXPECT_EQ(found, 1);
	EXPECT_EQ(value, 2);
	EXPECT(!spin_is_locked(&lock));
	percpu_run_on(asker, check_cpu, asker);
	percpu_run_on(holder, check_cpu, holder);
}

static void a_lock_that_another_cpus_softirq_holds_is_waited_for(void)
{
	killer = killers;
	ask_and_die_on(cpus[0], cpus[cpu_count - 1]);
	ask_and_die_on(cpus[cpu_count - 1], cpus[0]);
}
KTEST(a_lock_that_another_cpus_softirq_holds_is_waited_for, KT_SMP | KT_STRESS);

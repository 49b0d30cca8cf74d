// SPDX-License-Identifier: MIT
/*
 * When a sleeper wakes, and where a new thread belongs. A wake-up that comes while its thread still
 * runs: another CPU could send it between any two instructions; here a single-step trap does.
 */
#define KTEST_SUITE "threads"

#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "tests/harness/expect.h"
#include "tests/harness/inject.h"
#include "tests/harness/percpu_run.h"

#define LONG_NS 1000000000ULL

static struct {
	u32 n;
	bool listed, still_listed; /* in a run queue, before and after */
} woken;

/* Wakes the sleeper at the first instruction where it is blocked and its run queue is unlocked. */
static bool wake_sleeper(struct regs *regs)
{
	struct thread *t = current_thread();

	if (woken.n || t->state != THREAD_BLOCKED || spin_is_locked(&this_cpu()->rq.lock))
		return true;
	woken.n++;
	woken.listed = !list_empty(&t->queue_node);
	thread_wake(t);
	woken.still_listed = !list_empty(&t->queue_node);
	list_del(&t->queue_node); /* so that a failure breaks nothing else */
	regs->rflags &= ~(u64)RFLAGS_TF;
	return true;
}

static void sleep_long(void *arg)
{
	(void)arg;
	thread_sleep(LONG_NS);
}

static void a_wake_up_on_the_way_to_sleep_is_not_lost(void)
{
	u64 begin = now_ns();

	woken.n = 0;
	single_step(sleep_long, NULL, wake_sleeper);
	EXPECT(now_ns() - begin < LONG_NS);
	EXPECT_EQ(woken.n, 1);
	EXPECT(woken.listed);
	EXPECT(!woken.still_listed);
	EXPECT_EQ(current_thread()->state, THREAD_RUNNABLE);
}
KTEST(a_wake_up_on_the_way_to_sleep_is_not_lost, 0);

static int sleep_in_thread(void *arg)
{
	sleep_long(arg);
	return 0;
}

/* The time that a tick reads may be the sleeper's to the nanosecond. */
static void a_sleeper_wakes_at_its_time_and_not_before(void)
{
	struct thread *t = thread_prepare("sleeper", sleep_in_thread, NULL);
	u64 flags;

	REQUIRE(t);
	t->pinned = this_cpu();
	thread_launch(t);
	while (smp_load_acquire(&t->state) != THREAD_BLOCKED || smp_load_acquire(&t->on_cpu))
		thread_yield();
	flags = irq_save();
	sched_tick(t->wake_at - 1);
	EXPECT_EQ(t->state, THREAD_BLOCKED);
	sched_tick(t->wake_at);
	EXPECT_EQ(t->state, THREAD_RUNNABLE);
	irq_restore(flags);
	thread_wake(t);
	EXPECT(!thread_join(t).died);
}
KTEST(a_sleeper_wakes_at_its_time_and_not_before, 0);

static int do_nothing(void *arg)
{
	(void)arg;
	return 0;
}

static void prepare_one(void *cpu)
{
	struct thread *t = thread_prepare("new", do_nothing, NULL);

	REQUIRE(t);
	EXPECT(t->cpu == cpu);
	EXPECT(t->pinned == cpu);
	thread_launch(t);
	EXPECT(!thread_join(t).died);
}

static void a_new_thread_belongs_to_its_creators_cpu(void)
{
	percpu_run_on(cpus[cpu_count - 1], prepare_one, cpus[cpu_count - 1]);
	percpu_run_on(cpus[0], prepare_one, cpus[0]);
}
KTEST(a_new_thread_belongs_to_its_creators_cpu, KT_STRESS);

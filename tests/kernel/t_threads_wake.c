// SPDX-License-Identifier: MIT
/*
 * When a sleeper wakes, and where a new thread belongs. A wake-up that comes while its thread still
 * runs: another CPU could send it between any two instructions; here a single-step trap does.
 */
#define KTEST_SUITE "threads"

#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "kernel/wait.h"
#include "tests/harness/fixture.h"
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

#define SLEEPERS 3

static void one_tick_wakes_all_whose_time_has_come(void)
{
	struct thread *t[SLEEPERS];
	u64 last = 0, flags;

	for (u32 i = 0; i < SLEEPERS; i++) {
		t[i] = thread_prepare("sleeper", sleep_in_thread, NULL);
		REQUIRE(t[i]);
		t[i]->pinned = this_cpu();
		thread_launch(t[i]);
		while (smp_load_acquire(&t[i]->state) != THREAD_BLOCKED ||
		       smp_load_acquire(&t[i]->on_cpu))
			thread_yield();
		last = MAX(last, t[i]->wake_at);
	}
	flags = irq_save();
	sched_tick(last);
	for (u32 i = 0; i < SLEEPERS; i++)
		EXPECT_EQ(t[i]->state, THREAD_RUNNABLE);
	irq_restore(flags);
	for (u32 i = 0; i < SLEEPERS; i++) {
		thread_wake(t[i]);
		EXPECT(!thread_join(t[i]).died);
	}
}
KTEST(one_tick_wakes_all_whose_time_has_come, 0);

static struct {
	struct waitq wq;
	u32 raised, ran; /* softirqs; and runs of the thread that they wake */
	bool stop;
} behind;

static bool raise_softirq(struct regs *regs)
{
	(void)regs;
	softirq_raise(SOFTIRQ_TEST);
	return true;
}

static void wake_it(void)
{
	behind.raised++;
	waitq_wake(&behind.wq);
}

static int run_when_woken(void *arg)
{
	(void)arg;
	while (!behind.stop) {
		wait_event(&behind.wq, behind.raised > behind.ran || behind.stop);
		behind.ran = behind.raised;
	}
	return 0;
}

/* On the way out of the interrupt: the softirq comes first, then the look at who is to run. */
static void a_thread_that_a_softirq_wakes_runs_behind_the_interrupt(void)
{
	struct cpu *before = current_thread()->pinned;
	trap_hook_t hook = trap_hook_set(VECTOR_TEST, raise_softirq);
	struct thread *t = thread_prepare("woken", run_when_woken, NULL);

	REQUIRE(t);
	thread_pin(this_cpu());
	behind.raised = behind.ran = 0;
	behind.stop = false;
	waitq_init(&behind.wq);
	softirq_register(SOFTIRQ_TEST, wake_it);
	t->pinned = this_cpu();
	thread_launch(t);
	for (u32 i = 1; i <= 20; i++) {
		thread_yield(); /* it waits again */
		asm volatile("int %0" : : "i"(VECTOR_TEST) : "memory");
		EXPECT_EQ(READ_ONCE(behind.ran), i);
	}
	behind.stop = true;
	waitq_wake(&behind.wq);
	thread_join(t);
	trap_hook_set(VECTOR_TEST, hook);
	thread_pin(before);
}
KTEST(a_thread_that_a_softirq_wakes_runs_behind_the_interrupt, 0);

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

/* Wakes a thread that fell asleep on `last`; returns the CPU that it wakes on. NULL: no memory. */
static struct cpu *wakes_on(struct cpu *last)
{
	struct thread *t = thread_prepare("sleeper", sleep_in_thread, NULL);
	struct cpu *cpu;
	u64 flags;

	if (!t)
		return NULL;
	t->pinned = last;
	thread_launch(t);
	while (smp_load_acquire(&t->state) != THREAD_BLOCKED || smp_load_acquire(&t->on_cpu))
		thread_yield();
	t->pinned = NULL;
	flags = irq_save();
	thread_wake(t);
	cpu = READ_ONCE(t->cpu);
	irq_restore(flags);
	EXPECT(!thread_join(t).died);
	return cpu;
}

#define WAKES 16

static bool hog_ends; /* atomic; the first CPU sets it, the last one reads it */

static int hog(void *arg)
{
	(void)arg;
	while (!smp_load_acquire(&hog_ends)) {
		spin_ns(100000);
		thread_yield(); /* so that the sleeper can fall asleep here */
	}
	return 0;
}

/*
 * A thread wakes on its last CPU while that is idle, and on another one while it is busy. Now and
 * then the others are busy too, or one takes the thread at once: more than half of the wakes must
 * do so.
 */
static void wake_on_the_first(void *arg)
{
	struct cpu *last = cpus[cpu_count - 1];
	u32 stays = 0, moves = 0;
	struct thread *busy;

	(void)arg;
	for (u32 i = 0; i < WAKES; i++)
		stays += wakes_on(last) == last;
	hog_ends = false;
	busy = thread_prepare("hog", hog, NULL);
	REQUIRE(busy);
	busy->pinned = last;
	thread_launch(busy);
	for (u32 i = 0; i < WAKES; i++) {
		struct cpu *cpu = wakes_on(last);

		moves += cpu && cpu != last && cpu != cpus[0];
	}
	smp_store_release(&hog_ends, true);
	thread_join(busy);
	EXPECT(stays > WAKES / 2);
	EXPECT(moves > WAKES / 2);
}

static void a_waking_thread_leaves_only_a_busy_cpu(void)
{
	SKIP_IF(cpu_count < 3, "needs a third CPU, which is idle");
	percpu_run_on(cpus[0], wake_on_the_first, NULL);
}
KTEST(a_waking_thread_leaves_only_a_busy_cpu, KT_SMP);

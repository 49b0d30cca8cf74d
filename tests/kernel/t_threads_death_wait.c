// SPDX-License-Identifier: MIT
/*
 * A thread that dies while it waits or goes to sleep leaves no list behind that names it. What this
 * cannot know: a death where a lock is held, which panics (tests/selftest).
 */
#define KTEST_SUITE "threads"

#include "kernel/exception.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/string.h"
#include "kernel/locks.h"
#include "kernel/sched.h"
#include "kernel/time.h"
#include "kernel/wait.h"
#include "tests/harness/expect.h"
#include "tests/harness/inject.h"
#include "tests/harness/percpu_run.h"
#include "tests/kernel/death.h"

static struct waitq wq = WAITQ_INIT(wq);
static bool open;

static u32 waiters(void)
{
	u64 flags = spin_lock_irqsave(&wq.lock);
	u32 n = 0;

	list_for_each(node, &wq.waiters) n++;
	spin_unlock_irqrestore(&wq.lock, flags);
	return n;
}

static int wait_until_open(void *arg)
{
	(void)arg;
	wait_event(&wq, smp_load_acquire(&open));
	return 0;
}

/* Dies at the second or the first look at the condition. */
static bool look(bool woken)
{
	static u32 looks;

	if (++looks < 1u + woken)
		return false;
	looks = 0;
	killer->fn();
	return true;
}

static int die_waiting(void *arg)
{
	wait_event(&wq, look((bool)arg));
	return 0;
}

static void yield_until_waiting(u32 n)
{
	while (waiters() < n)
		thread_yield();
}

/* Joins a dying thread. Looks first whether a list has it, and takes it out of that. */
static struct thread_end join_unlisted(struct thread *t)
{
	while (smp_load_acquire(&t->state) != THREAD_DEAD || smp_load_acquire(&t->on_cpu)) {
		thread_yield();
		waitq_wake(&wq);
	}
	EXPECT(list_empty(&t->wait_node));
	EXPECT(list_empty(&t->queue_node));
	list_del(&t->wait_node);
	list_del(&t->queue_node);
	return thread_join(t);
}

static void die_among_waiters(struct cpu *cpu, bool woken)
{
	struct thread *before, *after, *t;
	struct thread_end end;

	open = false;
	before = thread_create("before", wait_until_open, NULL);
	REQUIRE(before);
	yield_until_waiting(1);
	t = doomed(cpu, die_waiting, (void *)(u64)woken);
	REQUIRE(t);
	thread_launch(t);
	if (woken)
		yield_until_waiting(2);
	after = thread_create("after", wait_until_open, NULL);
	REQUIRE(after);
	end = join_unlisted(t);
	EXPECT(end.died);
	EXPECT_EQ(end.fault.vector, killer->vector);
	yield_until_waiting(2);
	EXPECT_EQ(waiters(), 2);
	smp_store_release(&open, true);
	waitq_wake(&wq);
	EXPECT(!thread_join(before).died);
	EXPECT(!thread_join(after).died);
	EXPECT(list_empty(&wq.waiters));
	percpu_run_on(cpu, check_cpu, cpu);
}

static void a_death_in_a_condition_leaves_the_queue(void)
{
	for (u32 i = 0; i < KILLERS * 4; i++) {
		killer = &killers[i / 4];
		die_among_waiters(cpus[i & 1 ? cpu_count - 1 : 0], i & 2);
	}
}
KTEST(a_death_in_a_condition_leaves_the_queue, KT_STRESS);

static struct {
	u32 seen, at; /* instructions at which the thread holds no lock; where it dies */
} shot;

/* A lock is listed just after it is taken; nothing can fault in between. */
static bool holds_none(void)
{
	return !locks_held() && wq.lock.holder != this_cpu();
}

static bool shoot(struct regs *regs)
{
	if (strcmp(current_thread()->name, "doomed") == 0 && holds_none() && shot.seen++ == shot.at)
		die(regs, "on purpose", 0);
	return true;
}

static void wait_and_sleep(void *arg)
{
	u32 looks = 0;

	(void)arg;
	wait_event(&wq, looks++);
	thread_sleep(1000);
}

static int walk_to_death(void *arg)
{
	single_step(wait_and_sleep, arg, shoot);
	return 0;
}

/* One death in each run: where no lock is held, in wait_event() or thread_sleep(). */
static void a_death_between_any_instructions_leaves_all_lists(void)
{
	struct thread_end end = { .died = true };

	tick_set(15000, true);
	for (shot.at = 0; end.died; shot.at += ktest_part(17)) {
		struct thread *t = doomed(this_cpu(), walk_to_death, NULL);

		REQUIRE(t);
		shot.seen = 0;
		thread_launch(t);
		end = join_unlisted(t);
		trap_hook_set(X86_DB, NULL);
		EXPECT(list_empty(&wq.waiters));
		EXPECT(list_empty(&this_cpu()->rq.sleeping));
	}
	EXPECT(shot.at > 50);
}
KTEST(a_death_between_any_instructions_leaves_all_lists, 0);

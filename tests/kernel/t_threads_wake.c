// SPDX-License-Identifier: MIT
/*
 * A wake-up that comes while its thread still runs. Another CPU could send it between any two
 * instructions; here a single-step trap does.
 */
#define KTEST_SUITE "threads"

#include "kernel/cpu/insn.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "tests/harness/expect.h"
#include "tests/harness/inject.h"

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

// SPDX-License-Identifier: MIT
/*
 * Threads apart from rights: scheduling, sleep, waiting, joining, death. What this cannot know:
 * anything that takes two CPUs.
 */
#define KTEST_SUITE "threads"

#include "kernel/apic.h"
#include "kernel/cpu/context.h"
#include "kernel/exception.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/random.h"
#include "kernel/sched.h"
#include "kernel/time.h"
#include "kernel/wait.h"
#include "tests/harness/expect.h"

#define THREADS 4
#define ROUNDS  5

/* The order in which threads ran. One thread writes at a time: each notes before it yields. */
static struct {
	u32 n, who[64];
} history;

static void note(u64 who)
{
	if (history.n < ARRAY_SIZE(history.who))
		history.who[history.n++] = (u32)who;
}

static bool start(struct thread **threads, int (*fn)(void *))
{
	for (u64 i = 0; i < THREADS; i++) {
		threads[i] = thread_create("one of many", fn, (void *)i);
		if (!EXPECT(threads[i]))
			return false;
	}
	return true;
}

static void join(struct thread **threads)
{
	for (u32 i = 0; i < THREADS; i++)
		EXPECT(!thread_join(threads[i]).died);
}

static bool go;
static u32 arrived;

static int take_turns(void *arg)
{
	irq_disable(); /* no tick: only the yields decide */
	arrived++;
	while (!go)
		thread_yield();
	for (u32 i = 0; i < ROUNDS; i++) {
		note((u64)arg);
		thread_yield();
	}
	irq_enable();
	return 0;
}

static void yield_is_round_robin(void)
{
	struct thread *threads[THREADS];
	u32 met = 0;
	u64 flags;

	history.n = 0;
	go = false;
	arrived = 0;
	if (!start(threads, take_turns))
		return;
	flags = irq_save();
	while (arrived < THREADS) /* in any order */
		thread_yield();
	go = true;
	for (u32 i = 0; i <= ROUNDS; i++)
		thread_yield();
	irq_restore(flags);
	EXPECT_EQ(history.n, ROUNDS * THREADS);
	for (u32 i = 0; i < THREADS; i++)
		met |= 1u << history.who[i];
	EXPECT_EQ(met, (1 << THREADS) - 1);
	for (u32 i = THREADS; i < history.n; i++)
		EXPECT_EQ(history.who[i], history.who[i - THREADS]);
	join(threads);
}
KTEST(yield_is_round_robin, KT_STRESS | KT_ONE_CPU);

static u32 spins[THREADS];
static bool stop;

static int spin(void *arg)
{
	while (!smp_load_acquire(&stop))
		atomic_inc(&spins[(u64)arg]);
	return 0;
}

static bool all_have_spun(void)
{
	for (u32 i = 0; i < THREADS; i++)
		if (!READ_ONCE(spins[i]))
			return false;
	return true;
}

static void no_thread_starves(void)
{
	struct thread *threads[THREADS];

	for (u32 i = 0; i < THREADS; i++)
		spins[i] = 0;
	stop = false;
	if (!start(threads, spin))
		return;
	while (!all_have_spun())
		cpu_relax(); /* nobody yields: without the tick the watchdog ends the test */
	EXPECT(all_have_spun());
	smp_store_release(&stop, true);
	join(threads);
}
KTEST(no_thread_starves, KT_STRESS);

static void preempt_disable_keeps_the_cpu(void)
{
	struct thread *threads[THREADS];
	u64 ticks;

	for (u32 i = 0; i < THREADS; i++)
		spins[i] = 0;
	stop = false;
	preempt_disable();
	if (start(threads, spin)) {
		ticks = this_cpu()->ticks;
		while (*(volatile u64 *)&this_cpu()->ticks < ticks + 3)
			cpu_relax();
		EXPECT(!spins[0] && !spins[1] && !spins[2] && !spins[3]);
	}
	preempt_enable();
	smp_store_release(&stop, true);
	join(threads);
}
KTEST(preempt_disable_keeps_the_cpu, KT_STRESS | KT_ONE_CPU);

static u64 woken_at; /* the wake_at of the thread that woke last */

static int sleep_and_note(void *arg)
{
	u64 ns = (u64)arg * 7 % THREADS * 100000, until;

	irq_disable(); /* nobody runs between the switch and the note */
	until = now_ns() + ns;
	thread_sleep(ns);
	EXPECT(now_ns() >= until);
	EXPECT(current_thread()->wake_at >= woken_at);
	woken_at = current_thread()->wake_at;
	note((u64)arg);
	irq_enable();
	return 0;
}

static void sleepers_wake_in_order(void)
{
	struct thread *threads[THREADS];

	history.n = 0;
	woken_at = 0;
	tick_set(15000, true);
	if (!start(threads, sleep_and_note))
		return;
	join(threads);
	EXPECT_EQ(history.n, THREADS);
}
KTEST(sleepers_wake_in_order, KT_STRESS | KT_ONE_CPU);

static int return_argument(void *arg)
{
	return (int)(u64)arg;
}

static int exit_deep(void *arg)
{
	thread_exit((int)(u64)arg + 100);
	return -1;
}

static void join_returns_the_exit_code(void)
{
	struct thread *threads[THREADS];
	struct thread_end end;

	if (!start(threads, return_argument))
		return;
	for (u32 i = THREADS; i-- > 0;) {
		end = thread_join(threads[i]); /* in another order than they end */
		EXPECT(!end.died);
		EXPECT_EQ(end.code, i);
	}
	if (!start(threads, exit_deep))
		return;
	thread_sleep(1000); /* they are dead long before the join */
	for (u32 i = 0; i < THREADS; i++)
		EXPECT_EQ(thread_join(threads[i]).code, i + 100);
}
KTEST(join_returns_the_exit_code, KT_STRESS);

static struct waitq wq = WAITQ_INIT(wq);
static u32 turn; /* whose turn it is, by number */

static int wait_for_turn(void *arg)
{
	u32 me = (u32)(u64)arg;

	for (u32 i = 0; i < 10 + ktest_rounds() / 20; i++) {
		wait_event(&wq, smp_load_acquire(&turn) == me);
		smp_store_release(&turn, (me + 1) % THREADS);
		waitq_wake(&wq);
	}
	return 0;
}

static void wake_ups_are_not_lost(void)
{
	struct thread *threads[THREADS];

	turn = 0;
	if (!start(threads, wait_for_turn))
		return;
	join(threads); /* after one lost wake-up all would wait for ever */
	EXPECT_EQ(turn, 0);
	EXPECT(list_empty(&wq.waiters));
}
KTEST(wake_ups_are_not_lost, KT_STRESS);

static bool wake_from_interrupt(struct regs *regs)
{
	(void)regs;
	atomic_inc(&turn);
	waitq_wake(&wq);
	return true;
}

/* The condition is false; then, before the thread sleeps, an interrupt makes it true. */
static bool look_then_raise(u32 want)
{
	bool was = smp_load_acquire(&turn) >= want;

	if (!was) {
		apic_self_ipi(VECTOR_TEST);
		while (smp_load_acquire(&turn) < want)
			cpu_relax();
	}
	return was;
}

static void a_wake_up_just_before_the_sleep_is_not_lost(void)
{
	trap_hook_t before = trap_hook_set(VECTOR_TEST, wake_from_interrupt);

	turn = 0;
	for (u32 i = 1; i <= 30; i++)
		wait_event(&wq, look_then_raise(i)); /* a lost wake-up would hang here */
	EXPECT_EQ(turn, 30);
	trap_hook_set(VECTOR_TEST, before);
}
KTEST(a_wake_up_just_before_the_sleep_is_not_lost, KT_STRESS);

static struct spinlock lock = SPINLOCK_INIT;
static u64 guarded;

static int count_guarded(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ktest_rounds(); i++) {
		u64 flags = spin_lock_irqsave(&lock), n = guarded;

		for (u64 j = random_below(200); j; j--)
			barrier();
		guarded = n + 1;
		spin_unlock_irqrestore(&lock, flags);
	}
	return 0;
}

static void a_spinlock_excludes_other_threads(void)
{
	struct thread *threads[THREADS];

	guarded = 0;
	if (!start(threads, count_guarded))
		return;
	join(threads);
	EXPECT_EQ(guarded, THREADS * ktest_rounds());
	EXPECT(!spin_is_locked(&lock));
}
KTEST(a_spinlock_excludes_other_threads, KT_STRESS);

static int die_or_count(void *arg)
{
	if ((u64)arg & 1)
		return *(volatile int *)NULL;
	for (u32 i = 0; i < 20; i++) {
		spins[(u64)arg]++;
		thread_yield();
	}
	return 0;
}

static void a_death_leaves_the_others_running(void)
{
	struct thread *threads[THREADS];

	for (u64 i = 0; i < THREADS; i++) {
		spins[i] = 0;
		threads[i] = thread_prepare("one of many", die_or_count, (void *)i);
		REQUIRE(threads[i]);
		threads[i]->expects_death = i & 1;
	}
	for (u32 i = 0; i < THREADS; i++)
		thread_launch(threads[i]);
	for (u32 i = 0; i < THREADS; i++) {
		EXPECT_EQ(thread_join(threads[i]).died, i & 1);
		EXPECT_EQ(spins[i], i & 1 ? 0 : 20);
	}
}
KTEST(a_death_leaves_the_others_running, KT_STRESS);

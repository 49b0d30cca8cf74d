// SPDX-License-Identifier: MIT
/*
 * Threads as such, without a thought of rights: turns, sleep, waiting, joining, death. What this
 * cannot know: anything that takes two processors.
 */
#define KTEST_SUITE "threads"

#include "kernel/apic.h"
#include "kernel/cpu/context.h"
#include "kernel/exception.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/random.h"
#include "kernel/time.h"
#include "kernel/wait.h"
#include "tests/harness/expect.h"

#define CREW   4
#define ROUNDS 5

/* Who ran when. Written by one thread at a time: each logs before it gives up the processor. */
static struct {
	u32 n, who[64];
} history;

static void note(u64 who)
{
	if (history.n < ARRAY_SIZE(history.who))
		history.who[history.n++] = (u32)who;
}

static bool start(struct thread **crew, int (*fn)(void *))
{
	for (u64 i = 0; i < CREW; i++) {
		crew[i] = thread_create("crew", fn, (void *)i);
		if (!EXPECT(crew[i]))
			return false;
	}
	return true;
}

static void join(struct thread **crew)
{
	for (u32 i = 0; i < CREW; i++)
		EXPECT(!thread_join(crew[i]).died);
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

static void yield_goes_round(void)
{
	struct thread *crew[CREW];
	u32 met = 0;
	u64 flags;

	history.n = 0;
	go = false;
	arrived = 0;
	if (!start(crew, take_turns))
		return;
	flags = irq_save();
	while (arrived < CREW) /* in whatever order */
		thread_yield();
	go = true;
	for (u32 i = 0; i <= ROUNDS; i++)
		thread_yield();
	irq_restore(flags);
	EXPECT_EQ(history.n, ROUNDS * CREW);
	for (u32 i = 0; i < CREW; i++)
		met |= 1u << history.who[i];
	EXPECT_EQ(met, (1 << CREW) - 1);
	for (u32 i = CREW; i < history.n; i++)
		EXPECT_EQ(history.who[i], history.who[i - CREW]);
	join(crew);
}
KTEST(yield_goes_round, KT_STRESS | KT_ONE_CPU);

static u32 spins[CREW];
static bool stop;

static int spin(void *arg)
{
	while (!smp_load_acquire(&stop))
		atomic_inc(&spins[(u64)arg]);
	return 0;
}

static bool all_have_spun(void)
{
	for (u32 i = 0; i < CREW; i++)
		if (!READ_ONCE(spins[i]))
			return false;
	return true;
}

static void nobody_starves(void)
{
	struct thread *crew[CREW];

	for (u32 i = 0; i < CREW; i++)
		spins[i] = 0;
	stop = false;
	if (!start(crew, spin))
		return;
	while (!all_have_spun())
		cpu_relax(); /* neither they nor we yield: the tick must see to it, or the watchdog
			      */
	EXPECT(all_have_spun());
	smp_store_release(&stop, true);
	join(crew);
}
KTEST(nobody_starves, KT_STRESS);

static void preemption_off_keeps_the_processor(void)
{
	struct thread *crew[CREW];
	u64 ticks;

	for (u32 i = 0; i < CREW; i++)
		spins[i] = 0;
	stop = false;
	preempt_disable();
	if (start(crew, spin)) {
		ticks = this_cpu()->ticks;
		while (*(volatile u64 *)&this_cpu()->ticks < ticks + 3)
			cpu_relax();
		EXPECT(!spins[0] && !spins[1] && !spins[2] && !spins[3]);
	}
	preempt_enable();
	smp_store_release(&stop, true);
	join(crew);
}
KTEST(preemption_off_keeps_the_processor, KT_STRESS | KT_ONE_CPU);

static u64 woken_at; /* when the last one who woke had wanted to */

static int sleep_and_note(void *arg)
{
	u64 ns = (u64)arg * 7 % CREW * 100000, until;

	irq_disable(); /* from the switch to the note nobody comes between */
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
	struct thread *crew[CREW];

	history.n = 0;
	woken_at = 0;
	tick_set(15000, true);
	if (!start(crew, sleep_and_note))
		return;
	join(crew);
	EXPECT_EQ(history.n, CREW);
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

static void join_gives_the_result(void)
{
	struct thread *crew[CREW];
	struct thread_end end;

	if (!start(crew, return_argument))
		return;
	for (u32 i = CREW; i-- > 0;) {
		end = thread_join(crew[i]); /* in another order than they end */
		EXPECT(!end.died);
		EXPECT_EQ(end.code, i);
	}
	if (!start(crew, exit_deep))
		return;
	thread_sleep(1000); /* they are dead long before anybody joins */
	for (u32 i = 0; i < CREW; i++)
		EXPECT_EQ(thread_join(crew[i]).code, i + 100);
}
KTEST(join_gives_the_result, KT_STRESS);

static struct waitq wq = WAITQ_INIT(wq);
static u32 turn; /* whose */

static int wait_for_turn(void *arg)
{
	u32 me = (u32)(u64)arg;

	for (u32 i = 0; i < 10 + ktest_rounds() / 20; i++) {
		wait_event(&wq, smp_load_acquire(&turn) == me);
		smp_store_release(&turn, (me + 1) % CREW);
		waitq_wake(&wq);
	}
	return 0;
}

static void wake_ups_are_not_lost(void)
{
	struct thread *crew[CREW];

	turn = 0;
	if (!start(crew, wait_for_turn))
		return;
	join(crew); /* one lost wake-up, and all wait for ever */
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

/* The look says no, and only then, before the sleep, comes the interrupt that makes it yes. */
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

static void an_interrupt_wakes_before_the_sleep(void)
{
	trap_hook_t before = trap_hook_set(VECTOR_TEST, wake_from_interrupt);

	turn = 0;
	for (u32 i = 1; i <= 30; i++)
		wait_event(&wq, look_then_raise(i)); /* a wake-up that is lost is a hang */
	EXPECT_EQ(turn, 30);
	trap_hook_set(VECTOR_TEST, before);
}
KTEST(an_interrupt_wakes_before_the_sleep, KT_STRESS);

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

static void a_spinlock_excludes(void)
{
	struct thread *crew[CREW];

	guarded = 0;
	if (!start(crew, count_guarded))
		return;
	join(crew);
	EXPECT_EQ(guarded, CREW * ktest_rounds());
	EXPECT(!spin_is_locked(&lock));
}
KTEST(a_spinlock_excludes, KT_STRESS);

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
	struct thread *crew[CREW];

	for (u64 i = 0; i < CREW; i++) {
		spins[i] = 0;
		crew[i] = thread_prepare("crew", die_or_count, (void *)i);
		REQUIRE(crew[i]);
		crew[i]->expects_death = i & 1;
	}
	for (u32 i = 0; i < CREW; i++)
		thread_launch(crew[i]);
	for (u32 i = 0; i < CREW; i++) {
		EXPECT_EQ(thread_join(crew[i]).died, i & 1);
		EXPECT_EQ(spins[i], i & 1 ? 0 : 20);
	}
}
KTEST(a_death_leaves_the_others_running, KT_STRESS);

// SPDX-License-Identifier: MIT
/*
 * One event on the way to sleep and back: the wake-up itself, which comes before the look at the
 * condition, between that and the sleep, or in the switch. And one while a softirq that raises
 * itself runs; contexts.a_softirq_that_an_nmi_raises_is_not_lost has more of these. What this
 * cannot know: a wake-up by an NMI, which may not wake.
 */
#define KTEST_SUITE "once"

#include "kernel/cpu/context.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "kernel/wait.h"
#include "tests/harness/percpu_run.h"
#include "tests/once/once.h"

/* A run whose wake-up came before its sleep waits for two of these. */
#define RESCUE_NS (2000000 / ktest_part(4))
#define SLEEP_NS  20000

static struct {
	struct waitq wq;
	struct thread *sleeper;
	u32 round; /* of begin_sleep() */
	bool condition, rescued;
	bool late; /* the event came after the rescue or during it */
	bool stop;
} nap;

/* A thread that was preempted on its way to sleep or back is queued. On the sleeper's CPU. */
static bool sleeps(void)
{
	return READ_ONCE(nap.sleeper->state) == THREAD_BLOCKED && !READ_ONCE(nap.sleeper->queued);
}

/*
 * Looks again after it has said so: either the event, after its wake-up, finds a rescue under way,
 * or this finds the sleeper awake.
 */
static bool still_sleeps(void)
{
	if (!sleeps())
		return false;
	(void)xchg(&nap.rescued, true);
	if (sleeps())
		return true;
	nap.rescued = false;
	return false;
}

/*
 * Wakes the sleeper if it sleeps in two looks at the same round: the run without an event, places
 * behind the wake-up, and a wake-up that was lost.
 */
static int rescuer(void *arg)
{
	u32 seen = 0;

	(void)arg;
	while (!smp_load_acquire(&nap.stop)) {
		u32 round = smp_load_acquire(&nap.round);

		if (round == seen && still_sleeps()) {
			smp_store_release(&nap.condition, true);
			waitq_wake(&nap.wq);
			thread_wake(nap.sleeper);
		}
		seen = round;
		thread_sleep(RESCUE_NS);
	}
	return 0;
}

static void begin_sleep(void)
{
	nap.sleeper = current_thread();
	nap.condition = nap.rescued = nap.late = false;
	smp_store_release(&nap.round, nap.round + 1);
	rights_set(nap.round % 2 ? WITH_KEY(3 + nap.round % 13) : PKRS_INIT);
}

static void run_wait(void)
{
	wait_event(&nap.wq, smp_load_acquire(&nap.condition));
}

static void run_sleep(void)
{
	thread_sleep(SLEEP_NS);
}

static void event_wake(u32 turn)
{
	(void)turn;
	smp_store_release(&nap.condition, true);
	waitq_wake(&nap.wq);
	nap.late = smp_load_acquire(&nap.rescued);
}

static void event_wake_thread(u32 turn)
{
	once_meddle(turn);
	thread_wake(nap.sleeper);
}

static void expect_awake(void)
{
	struct thread *t = current_thread();
	u64 flags = irq_save(); /* a tick may queue the thread */

	ONCE_EQ(t->state, THREAD_RUNNABLE, "a thread that runs is runnable");
	ONCE_EQ(list_empty(&t->wait_node), true, "it waits in no queue");
	ONCE_EQ(list_empty(&t->queue_node), true, "it is in no list of its CPU");
	ONCE_EQ(t->queued, false, "and not on its way into one");
	irq_restore(flags);
	ONCE_RIGHTS(nap.round % 2 ? WITH_KEY(3 + nap.round % 13) : PKRS_INIT,
		    "a thread's rights outlive its sleep");
}

static void end_wait(void)
{
	expect_awake();
	ONCE_EQ(list_empty(&nap.wq.waiters), true, "the queue is empty");
	if (once_taken() && !nap.late)
		ONCE_EQ(nap.rescued, false, "a wake-up is not lost");
}

static void naps(void *arg)
{
	static const struct once wait = {
		"wait and wake", BIT(ONCE_INTERRUPT) | BIT(ONCE_ELSEWHERE),
		false,           1,
		begin_sleep,     run_wait,
		event_wake,      end_wait
	};
	static const struct once sleep = { "sleep and wake",
					   BIT(ONCE_INTERRUPT) | BIT(ONCE_ELSEWHERE),
					   false,
					   1,
					   begin_sleep,
					   run_sleep,
					   event_wake_thread,
					   expect_awake };
	struct thread *t;

	(void)arg;
	nap.sleeper = current_thread();
	waitq_init(&nap.wq);
	nap.stop = false;
	t = thread_create("rescuer", rescuer, NULL);
	REQUIRE(t);
	once_expect_events(&wait, 100);
	once_expect_events(&sleep, 100);
	smp_store_release(&nap.stop, true);
	rights_set(PKRS_INIT);
	thread_join(t);
}

static void no_wake_up_is_lost(void)
{
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!once_pages_get())
		return;
	percpu_run_on(cpus[0], naps, NULL);
	percpu_run_on(cpus[cpu_count - 1], naps, NULL);
	once_pages_put();
}
KTEST(no_wake_up_is_lost, KT_PKS);

/* The softirq raises itself once; the event raises it once more, or the other one. */
static struct {
	u32 runs, left, others, at_event;
	u32 foreign; /* bits of rights that a run began with and should not have */
	bool raised;
} irq;

static void look(void)
{
	irq.foreign |= (rights_mirror() ^ PKRS_INIT) | (pkrs_register() ^ PKRS_INIT);
	rights_set(WITH_KEY(KEY_A));
}

static void raises_itself(void)
{
	look();
	irq.runs++;
	if (irq.left) {
		irq.left--;
		softirq_raise(SOFTIRQ_TEST);
	}
	irq.foreign |= rights_mirror() ^ WITH_KEY(KEY_A);
}

static void other(void)
{
	look();
	irq.others++;
}

static void begin_softirq(void)
{
	irq.runs = irq.others = irq.foreign = 0;
	irq.left = 1;
	irq.raised = false;
	rights_set(WITH_KEY(KEY_B));
}

static void run_softirq(void)
{
	softirq_raise(SOFTIRQ_TEST);
}

static void event_softirq(u32 turn)
{
	if (turn % 3 == 2) {
		once_meddle(turn / 3);
		return;
	}
	irq.raised = true;
	irq.at_event = irq.runs;
	softirq_raise(turn % 3 ? SOFTIRQ_TEST2 : SOFTIRQ_TEST);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void end_softirq(void)
{
	run_in(IN_INTERRUPT, nothing, NULL); /* runs what an NMI has raised */
	ONCE_EQ(irq.foreign, 0, "each run has the initial rights, then its own");
	ONCE_RIGHTS(WITH_KEY(KEY_B), "what a softirq interrupts keeps its rights");
	ONCE_EQ(this_cpu()->softirq_pending, 0, "none is pending");
	ONCE_EQ(context_count(), 0, "the thread runs again");
	ONCE_EQ(irq.runs >= 2 && irq.runs <= 3, true, "it runs once each time it is raised");
	if (irq.raised)
		ONCE_EQ(irq.others || irq.runs > irq.at_event, true, "what is raised runs");
	ONCE_EQ(irq.others <= 1, true, "the other one runs once");
}

static void softirqs_survive_one_event(void)
{
	static const struct once once = { "softirq that raises itself",
					  ONCE_ALL,
					  false,
					  3,
					  begin_softirq,
					  run_softirq,
					  event_softirq,
					  end_softirq };

	softirq_register(SOFTIRQ_TEST, raises_itself);
	softirq_register(SOFTIRQ_TEST2, other);
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!once_pages_get())
		return;
	once_on_first_and_last(&once, 900);
	once_pages_put();
}
KTEST(softirqs_survive_one_event, KT_PKS);

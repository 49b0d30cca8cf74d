// SPDX-License-Identifier: MIT
/*
 * Softirqs and work items that are raised or queued again while they run. Each run begins with the
 * initial rights, and none is lost, whatever instruction an interrupt or NMI comes at: one event in
 * each run, as a second one would make up for the first. What this cannot know: work that another
 * CPU queues.
 */
#define KTEST_SUITE "contexts"

#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "kernel/lib/atomic.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "kernel/work.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/harness/percpu_run.h"

/* What runs again. */
static struct {
	u32 runs, left; /* runs so far, and how often it is still to repeat itself */
	u32 depth;      /* runs at this moment */
	u32 foreign;    /* bits of rights that a run began with and should not have */
	struct work work;
} again;

static void again_begin(u32 repeats)
{
	again.runs = 0;
	again.left = repeats;
	again.depth = 0;
	again.foreign = 0;
}

/* Only a few instructions, which are single-stepped. */
static bool begin_run(void)
{
	again.runs++;
	again.foreign |= rights_mirror() ^ PKRS_INIT;
	again.foreign |= again.depth++;
	rights_set(WITH_KEY(KEY_A));
	return again.left && again.left--;
}

static void end_run(void)
{
	again.depth--;
}

/* Raised twice before it runs again, a softirq still runs once. */
static void softirq_again(void)
{
	if (begin_run()) {
		softirq_raise(SOFTIRQ_TEST);
		softirq_raise(SOFTIRQ_TEST);
	}
	end_run();
}

/* Two that raise each other, last and first of the order in which they run. */
static void other_softirq(void)
{
	if (begin_run())
		softirq_raise(SOFTIRQ_TEST);
	end_run();
}

static void raise_other(void)
{
	if (begin_run())
		softirq_raise(SOFTIRQ_TEST2);
	end_run();
}

static void raise(void *arg)
{
	(void)arg;
	softirq_raise(SOFTIRQ_TEST);
}

static void nothing(void *arg)
{
	(void)arg;
}

/* What an NMI or machine check raises waits for the next interrupt, which this is. */
static void raise_in_each_context(void *arg)
{
	rights_set(WITH_KEY(KEY_B));
	for (enum test_context c = IN_SOFTIRQ + 1; c < TEST_CONTEXTS; c++) {
		for (u32 repeats = 0; repeats < 4; repeats++) {
			again_begin(repeats);
			run_in(c, raise, NULL);
			run_in(IN_INTERRUPT, nothing, NULL);
			EXPECT_EQ(again.runs, 1 + repeats);
			EXPECT_EQ(again.foreign, 0);
			EXPECT_EQ(this_cpu()->softirq_pending, 0);
			EXPECT_RIGHTS(WITH_KEY(KEY_B));
		}
	}
	again_begin(3);
	raise(arg); /* by the thread: at once */
	EXPECT_EQ(again.runs, 4);
	EXPECT_RIGHTS(WITH_KEY(KEY_B));
}

static void on_the_first_and_last_cpu(void (*fn)(void *arg))
{
	percpu_run_on(cpus[0], fn, NULL);
	percpu_run_on(cpus[cpu_count - 1], fn, NULL);
}

static void a_softirq_raised_while_it_runs_runs_once_more(void)
{
	softirq_register(SOFTIRQ_TEST, softirq_again);
	on_the_first_and_last_cpu(raise_in_each_context);
}
KTEST(a_softirq_raised_while_it_runs_runs_once_more, KT_PKS | KT_STRESS);

static void softirqs_that_raise_each_other_take_turns(void)
{
	softirq_register(SOFTIRQ_TEST, raise_other);
	softirq_register(SOFTIRQ_TEST2, other_softirq);
	on_the_first_and_last_cpu(raise_in_each_context);
}
KTEST(softirqs_that_raise_each_other_take_turns, KT_PKS | KT_STRESS);

static void work_again(struct work *work)
{
	if (begin_run()) {
		EXPECT(work_queue(work));
		EXPECT(!work_queue(work)); /* once is enough */
	}
	end_run();
}

static void work_queued_while_it_runs_runs_once_more(void)
{
	rights_set(WITH_KEY(KEY_B));
	for (u32 repeats = 0; repeats < 20; repeats++) {
		again_begin(repeats);
		work_init(&again.work, work_again);
		EXPECT(work_queue(&again.work));
		work_wait(&again.work, 1 + repeats);
		run_in(IN_WORK, nothing, NULL); /* behind any run too many */
		EXPECT_EQ(again.runs, 1 + repeats);
		EXPECT_EQ(again.work.done, 1 + repeats);
		EXPECT_EQ(again.foreign, 0);
		EXPECT_RIGHTS(WITH_KEY(KEY_B));
	}
}
KTEST(work_queued_while_it_runs_runs_once_more, KT_PKS | KT_STRESS);

/* The one event of a run, and what it raises. */
static struct {
	u32 seen, at;    /* instructions */
	u32 sent, taken; /* 0 or 1 */
	u32 runs;        /* of the softirq that runs anyway, when it came */
	bool fresh;      /* it queued work that was not queued */
	bool nmis;       /* sent as an NMI */
	enum softirq nr;
} event;

static u32 other_runs;

static void count_other(void)
{
	other_runs++;
}

static bool raise_event(struct regs *regs)
{
	(void)regs;
	event.runs = again.runs;
	event.taken++;
	softirq_raise(event.nr);
	return true;
}

static bool queue_event(struct regs *regs)
{
	(void)regs;
	event.fresh = work_queue(&again.work);
	smp_store_release(&event.taken, 1);
	return true;
}

static bool send_event(struct regs *regs)
{
	if (event.seen++ != event.at)
		return true;
	regs->rflags &= ~(u64)RFLAGS_TF; /* there is no other */
	event.sent++;
	if (event.nmis)
		nmi_at_iret(raise_event);
	else
		apic_self_ipi(VECTOR_TEST);
	return true;
}

static void event_begin(u32 at)
{
	event.seen = 0;
	event.at = at;
	event.sent = 0;
	event.taken = 0;
	event.fresh = false;
}

/* False when there are no more instructions. */
static bool one_softirq_event(u32 at)
{
	u32 repeats = event.nr == SOFTIRQ_TEST; /* fewer steps: each run takes as many more */

	event_begin(at);
	again_begin(repeats);
	other_runs = 0;
	single_step(raise, NULL, send_event);
	if (!event.sent)
		return false;
	run_in(IN_INTERRUPT, nothing, NULL);
	EXPECT_EQ(event.taken, 1);
	if (event.nr == SOFTIRQ_TEST) {
		EXPECT(again.runs > event.runs); /* once more after it came */
		EXPECT(again.runs == 2 || again.runs == 3);
	} else {
		EXPECT_EQ(again.runs, 1);
		EXPECT_EQ(other_runs, 1);
	}
	EXPECT_EQ(again.foreign, 0);
	EXPECT_RIGHTS(WITH_KEY(KEY_B));
	return true;
}

/* The event raises the softirq that runs anyway, or another. */
static void no_softirq_is_lost(enum softirq nr, bool nmis)
{
	trap_hook_t before = trap_hook_set(VECTOR_TEST, raise_event);
	u32 at = 0;

	event.nmis = nmis;
	event.nr = nr;
	softirq_register(SOFTIRQ_TEST2, count_other);
	softirq_register(SOFTIRQ_TEST, softirq_again);
	rights_set(WITH_KEY(KEY_B));
	while (one_softirq_event(at))
		at += ktest_part(31);
	EXPECT(at > 50);
	trap_hook_set(VECTOR_TEST, before);
	trap_hook_set(X86_NMI, NULL);
}

static void a_softirq_that_an_nmi_raises_is_not_lost(void)
{
	no_softirq_is_lost(SOFTIRQ_TEST, true);
	no_softirq_is_lost(SOFTIRQ_TEST2, true);
}
KTEST(a_softirq_that_an_nmi_raises_is_not_lost, KT_PKS);

static void a_softirq_that_an_interrupt_raises_is_not_lost(void)
{
	no_softirq_is_lost(SOFTIRQ_TEST, false);
	no_softirq_is_lost(SOFTIRQ_TEST2, false);
}
KTEST(a_softirq_that_an_interrupt_raises_is_not_lost, KT_PKS);

/* The worker is single-stepped from its item's first run to the second. */
static void traced_work(struct work *work)
{
	if (begin_run()) {
		work_queue(work);
		asm volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(RFLAGS_TF) : "memory", "cc");
	} else {
		asm volatile("pushfq; andq %0, (%%rsp); popfq"
			     :
			     : "i"(~RFLAGS_TF)
			     : "memory", "cc");
	}
	end_run();
}

static bool one_work_event(u32 at)
{
	event_begin(at);
	again_begin(1);
	work_init(&again.work, traced_work);
	work_queue(&again.work);
	work_wait(&again.work, 2);
	if (!event.sent)
		return false;
	while (!smp_load_acquire(&event.taken))
		cpu_relax();
	work_wait(&again.work, 2 + event.fresh);
	run_in(IN_WORK, nothing, NULL);
	EXPECT_EQ(again.runs, 2 + event.fresh);
	EXPECT_EQ(again.work.done, 2 + event.fresh);
	EXPECT_EQ(again.foreign, 0);
	return true;
}

static void work_that_an_interrupt_queues_is_not_lost(void)
{
	trap_hook_t before = trap_hook_set(VECTOR_TEST, queue_event);
	trap_hook_t debug = trap_hook_set(X86_DB, send_event);
	u32 at = 0;

	event.nmis = false;
	while (one_work_event(at))
		at += ktest_part(17);
	EXPECT(at > 50);
	trap_hook_set(X86_DB, debug);
	trap_hook_set(VECTOR_TEST, before);
}
KTEST(work_that_an_interrupt_queues_is_not_lost, KT_PKS);

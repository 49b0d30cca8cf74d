// SPDX-License-Identifier: MIT
/*
 * The saved rights of an interrupted context survive a page fault that schedules, NMIs at each
 * instruction, nesting and death. The kernels of tests/saved/make, which keep these rights outside
 * the frame, run the same tests; tests/saved/{stack,slot,cpu} list the tests that fail there. What
 * this cannot know: the entry code itself; saved_edge() has the same instructions.
 */
#define KTEST_SUITE "saved"

#include "kernel/cpu/context.h"
#include "kernel/exception.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/harness/nested.h"
#include "tests/harness/sti_shadow.h"

#define HELD(i)  (12 + (i)) /* a key for thread i to hold */
#define FAULTERS 2

void saved_edge(void);

/* The test of interrupts in page faults. */
static struct {
	bool schedules;
	u32 came;   /* interrupts in page_fault_long() */
	u32 yields; /* of the thread that waits for the others */
	u32 left;   /* threads that have not ended */
	struct prot_page page;
} fault;

static bool interrupt_in_fault(struct regs *regs)
{
	fault.came += regs->rip - (u64)page_fault_long < 512;
	this_cpu()->need_resched = fault.schedules;
	return true;
}

static int fault_once(void *arg)
{
	u32 held = (u32)(u64)arg;

	rights_set(WITH_KEY(held));
	EXPECT_NO_FAULT(write_in_shadow(fault.page.va, held), "pardoned");
	EXPECT_RIGHTS(WITH_KEY(held) & WITH_KEY(PKS_KEY_DEVMAP));
	atomic_dec(&fault.left);
	return 0;
}

/* Starts `n` threads that fault and are interrupted in the handler; others may run in between. */
static void fault_threads(u32 n, bool schedules)
{
	struct thread *threads[FAULTERS];
	u64 flags;

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!marked_page(&fault.page, PKS_KEY_DEVMAP))
		return;
	fault.schedules = schedules;
	fault.came = 0;
	fault.left = n;
	rights_set(WITH_KEY(KEY_A));
	trap_hook_set(VECTOR_TEST, interrupt_in_fault);
	for (u32 i = 0; i < n; i++)
		REQUIRE((threads[i] = thread_prepare("faults", fault_once, (void *)(u64)HELD(i))));
	flags = irq_save(); /* no tick interrupts this thread: only the others nest */
	for (u32 i = 0; i < n; i++)
		thread_launch(threads[i]);
	while (smp_load_acquire(&fault.left)) {
		thread_yield();
		EXPECT_RIGHTS(WITH_KEY(KEY_A));
	}
	irq_restore(flags);
	for (u32 i = 0; i < n; i++)
		EXPECT(!thread_join(threads[i]).died);
	trap_hook_set(VECTOR_TEST, NULL);
	EXPECT(fault.came >= n); /* more if the right is lost and the write faults again */
	marked_page_put(&fault.page);
}

static void rights_survive_an_interrupt_in_a_page_fault(void)
{
	fault_threads(1, false);
}
KTEST(rights_survive_an_interrupt_in_a_page_fault, KT_PKS);

static void rights_survive_a_page_fault_that_schedules(void)
{
	fault_threads(1, true);
}
KTEST(rights_survive_a_page_fault_that_schedules, KT_PKS);

/*
 * Each thread is scheduled away in its fault, so both are in a fault at the same time; several
 * times, as a tick may bring them into another order.
 */
static void rights_survive_two_page_faults_that_schedule(void)
{
	for (u32 i = 0; i < 8; i++)
		fault_threads(FAULTERS, true);
}
KTEST(rights_survive_two_page_faults_that_schedule, KT_PKS);

/* Two threads wait in an exception each, and the one that entered first leaves first. */
static u32 turn;

static void wait_for_turn(struct regs *regs)
{
	u32 mine = ++turn;

	EXPECT_RIGHTS(PKRS_INIT);
	pks_grant(KEY_B, PKS_READ);
	while (turn < FAULTERS || (mine == FAULTERS && turn == FAULTERS))
		thread_yield();
	EXPECT_RIGHTS(PKRS_INIT & ~(1u << 2 * KEY_B));
	pks_update_exception(regs, KEY_C, PKS_READWRITE);
}

static int take_turn(void *arg)
{
	u32 held = (u32)(u64)arg;

	rights_set(WITH_KEY(held));
	inside(wait_for_turn);
	EXPECT_RIGHTS(WITH_KEY(held) & WITH_KEY(KEY_C));
	turn++;
	return 0;
}

static void rights_survive_interleaved_exceptions(void)
{
	trap_hook_t before = nested_begin();
	struct thread *threads[FAULTERS];

	turn = 0;
	preempt_disable(); /* they start once all exist */
	for (u32 i = 0; i < FAULTERS; i++)
		threads[i] = thread_create("turn", take_turn, (void *)(u64)HELD(i));
	preempt_enable();
	for (u32 i = 0; i < FAULTERS; i++)
		if (EXPECT(threads[i]))
			EXPECT(!thread_join(threads[i]).died);
	nested_end(before);
}
KTEST(rights_survive_interleaved_exceptions, KT_PKS);

/* An NMI that takes rights of its own, with an exception nested in it. */
static bool nmi_meddles(struct regs *regs)
{
	nested_meddle(regs);
	rights_set(WITH_KEY(KEY_C));
	inside(nested_meddle);
	EXPECT_RIGHTS(WITH_KEY(KEY_C));
	return true;
}

static bool nmi_after_step(struct regs *regs)
{
	(void)regs;
	nmi_at_iret(nmi_meddles);
	return true;
}

static void edge(void *arg)
{
	(void)arg;
	rights_set(WITH_KEY(KEY_A));
	saved_edge();
}

/* An NMI also comes between taking a slot and filling it. */
static void entry_and_exit_survive_an_nmi_at_each_instruction(void)
{
	trap_hook_t before = nested_begin();
	u64 flags = irq_save();

	EXPECT(single_step(edge, NULL, nmi_after_step) > 20);
	EXPECT_RIGHTS(WITH_KEY(KEY_A)); /* not under single-stepping: a failure prints */
	irq_restore(flags);
	trap_hook_set(X86_NMI, NULL);
	nested_end(before);
}
KTEST(entry_and_exit_survive_an_nmi_at_each_instruction, KT_PKS);

static bool partner_ready, partner_leaves;

static void partner_waits(struct regs *regs)
{
	(void)regs;
	partner_ready = true;
	while (!smp_load_acquire(&partner_leaves)) {
		EXPECT_RIGHTS(PKRS_INIT);
		thread_yield();
	}
}

static int partner(void *arg)
{
	(void)arg;
	rights_set(WITH_KEY(KEY_B));
	inside(partner_waits);
	EXPECT_RIGHTS(WITH_KEY(KEY_B));
	return 0;
}

static void yield_once(void *arg)
{
	(void)arg;
	thread_yield();
}

static void step_a_switch(struct regs *regs)
{
	u64 flags;

	while (!smp_load_acquire(&partner_ready))
		thread_yield(); /* step no switch to a thread that starts */
	flags = irq_save();
	EXPECT(single_step(yield_once, NULL, nmi_after_step) > 50);
	EXPECT_RIGHTS(PKRS_INIT);
	irq_restore(flags);
	pks_update_exception(regs, KEY_C, PKS_READWRITE);
}

/* Both threads are in an exception, so that both have saved rights. */
static void a_switch_survives_an_nmi_at_each_instruction(void)
{
	trap_hook_t before = nested_begin();
	struct thread *t;

	partner_ready = false;
	partner_leaves = false;
	t = thread_create("partner", partner, NULL);
	REQUIRE(t);
	rights_set(WITH_KEY(KEY_A));
	inside(step_a_switch);
	EXPECT_RIGHTS(WITH_KEY(KEY_A) & WITH_KEY(KEY_C));
	trap_hook_set(X86_NMI, NULL);
	partner_leaves = true;
	thread_join(t);
	EXPECT_RIGHTS(WITH_KEY(KEY_A) & WITH_KEY(KEY_C));
	nested_end(before);
}
KTEST(a_switch_survives_an_nmi_at_each_instruction, KT_PKS);

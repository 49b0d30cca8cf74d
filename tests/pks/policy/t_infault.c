// SPDX-License-Identifier: MIT
/*
 * A thread that is scheduled away from inside an exception, a page fault above all, keeps its own
 * rights and those of the context that faulted. An interrupt that is pending when the fault comes
 * (in the shadow of STI) is delivered where the fault handler switches interrupts on; it then
 * switches threads. What this cannot know: a switch at other places of the handler, but for what
 * the +tick runs happen to hit.
 */
#define KTEST_SUITE "infault"

#include "kernel/cpu/context.h"
#include "kernel/exception.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "mm/kmap/kmap.h"
#include "pks/keys.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/sti_shadow.h"

static struct {
	u32 switches; /* that were asked for out of a fault handler */
	u32 landed;   /* of these, in the fault handler indeed: its frame is the interrupted one */
} shadow;

/* In interrupt context: somebody else shall run when this interrupt ends. */
static bool preempt(struct regs *regs)
{
	bool landed = regs->rip - (u64)page_fault < 512;

	shadow.switches++;
	shadow.landed += landed;
	if (landed) /* a tick can have come first, and moved the thread away from here */
		EXPECT_EQ(regs_pkrs(regs), PKRS_INIT); /* the handler's own */
	this_cpu()->need_resched = true;
	return true;
}

#define CREW 4

/* Each with a key of its own for its pages, and another one that it merely holds. */
static struct member {
	struct prot_page page;
	u32 key, held;
	u32 alone; /* how often there was no switch inside the fault */
} crew[CREW];

static void fault_once(struct member *m, u32 i)
{
	rights_set(WITH_KEY(m->held));
	this_cpu()->switched_from = current_thread(); /* until the next switch to us */
	EXPECT_NO_FAULT(write_in_shadow(m->page.va, i), "pardoned");
	m->alone += this_cpu()->switched_from == current_thread();
	EXPECT_RIGHTS(WITH_KEY(m->held) & WITH_KEY(m->key));
	EXPECT_EQ(*m->page.va, i);
}

static int fault_and_switch(void *arg)
{
	struct member *m = arg;

	for (u32 i = 0; i < 10; i++) {
		fault_once(m, i);
		for (u32 j = 0; j < CREW; j++)
			if (&crew[j] != m)
				EXPECT_DENIED(&crew[j].page);
	}
	return 0;
}

static bool recruit(struct member *m, u32 held)
{
	int key = pks_key_alloc("infault");

	if (!EXPECT(key > 0))
		return false;
	*m = (struct member){ .key = (u32)key, .held = held };
	if (!prot_page_get(&m->page, m->key))
		return false;
	kmap(m->page.page);
	return true;
}

static void dismiss(struct member *m)
{
	kunmap(m->page.page);
	prot_page_put(&m->page);
	EXPECT_EQ(pks_key_free(m->key), 0);
}

static void run_percpu(int (*fn)(void *))
{
	struct thread *threads[CREW];

	preempt_disable(); /* they begin when all are there */
	for (u32 i = 0; i < CREW; i++)
		threads[i] = thread_create("crew", fn, &crew[i]);
	preempt_enable();
	for (u32 i = 0; i < CREW; i++)
		if (EXPECT(threads[i]))
			EXPECT(!thread_join(threads[i]).died);
}

/*
 * The same with `preempt` lent to the interrupt. Another processor's IPI, of a higher priority, can
 * switch a thread away before its own interrupt comes. The thread then goes on elsewhere, and may
 * end, while the interrupt is still pending where it was sent.
 */
static void run_preempted(int (*fn)(void *))
{
	trap_hook_set(VECTOR_TEST, preempt);
	run_percpu(fn);
	percpu_drain_interrupts();
	trap_hook_set(VECTOR_TEST, NULL);
}

/* All are inside their fault at the same time, each having been switched away from there. */
static void a_switch_in_the_page_fault(void)
{
	u32 alone = 0;

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	for (u32 i = 0; i < CREW; i++)
		REQUIRE(recruit(&crew[i], 12 + i));
	shadow.switches = 0;
	shadow.landed = 0;
	run_preempted(fault_and_switch);
	EXPECT_EQ(shadow.switches, 10 * CREW);
	EXPECT_EQ(shadow.landed, 10 * CREW);
	for (u32 i = 0; i < CREW; i++) {
		alone += crew[i].alone;
		dismiss(&crew[i]);
	}
	EXPECT(alone <= 10 * CREW / 2); /* the last one has nobody to switch to */
}
KTEST(a_switch_in_the_page_fault, KT_PKS | KT_STRESS | KT_ONE_CPU);

/* A refusal, by way of a switch: the value is handed to the right thread. */
static int be_refused_and_switch(void *arg)
{
	struct member *m = arg;

	for (u32 i = 0; i < 10; i++) {
		rights_set(WITH_KEY(m->held));
		EXPECT_PAGE_FAULT(write_in_shadow(m->page.va, i), PF_P | PF_W | PF_PK, m->page.va,
				  "STRICT refuses");
		EXPECT_RIGHTS(WITH_KEY(m->held));
	}
	return 0;
}

static void a_switch_before_a_refusal(void)
{
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	for (u32 i = 0; i < CREW; i++)
		REQUIRE(recruit(&crew[i], 12 + i));
	run_preempted(be_refused_and_switch);
	for (u32 i = 0; i < CREW; i++)
		dismiss(&crew[i]);
}
KTEST(a_switch_before_a_refusal, KT_PKS | KT_STRESS);

/* An exception's handler that sleeps, yields, holds rights of its own, and changes the frame's. */
static bool sleep_in_handler(struct regs *regs)
{
	u32 key = (u32)regs->rbx;

	EXPECT_RIGHTS(PKRS_INIT);
	irq_enable();
	pks_grant(KEY_C, PKS_WRITE);
	thread_yield();
	EXPECT_RIGHTS(WITH_KEY(KEY_C));
	thread_sleep(1000);
	EXPECT_RIGHTS(WITH_KEY(KEY_C));
	pks_update_exception(regs, key, PKS_READWRITE);
	thread_yield();
	irq_disable();
	EXPECT_RIGHTS(WITH_KEY(KEY_C));
	return true;
}

static int break_and_sleep(void *arg)
{
	const struct member *m = arg;

	for (u32 i = 0; i < 3; i++) {
		rights_set(WITH_KEY(m->held));
		asm volatile("int3" : : "b"((u64)m->key) : "memory");
		EXPECT_RIGHTS(WITH_KEY(m->held) & WITH_KEY(m->key));
	}
	return 0;
}

static void an_exception_handler_may_sleep(void)
{
	trap_hook_t before = trap_hook_set(X86_BP, sleep_in_handler);

	tick_set(20000, true);
	for (u32 i = 0; i < CREW; i++)
		crew[i] = (struct member){ .key = PKS_KEY_FIRST_DYNAMIC + i, .held = 12 + i };
	run_percpu(break_and_sleep);
	trap_hook_set(X86_BP, before);
}
KTEST(an_exception_handler_may_sleep, KT_PKS | KT_STRESS);

/* Wherever the tick hits: pardons without end, under a tick as fast as it goes. */
static int be_pardoned_on_and_on(void *arg)
{
	struct member *m = arg;

	for (u32 i = 0; i < 10 + ktest_rounds() / 10; i++) {
		rights_set(WITH_KEY(m->held));
		EXPECT_NO_FAULT(policy_write(m->page.va), "pardoned");
		EXPECT_RIGHTS(WITH_KEY(m->held) & WITH_KEY(m->key));
	}
	return 0;
}

static void ticks_in_the_page_fault(void)
{
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	for (u32 i = 0; i < CREW; i++)
		REQUIRE(recruit(&crew[i], 12 + i));
	run_percpu(be_pardoned_on_and_on);
	for (u32 i = 0; i < CREW; i++)
		dismiss(&crew[i]);
}
KTEST(ticks_in_the_page_fault, KT_PKS | KT_STRESS);

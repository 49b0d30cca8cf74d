// SPDX-License-Identifier: MIT
/*
 * A thread that is switched away within an exception, above all a page fault, keeps the handler's
 * rights and those of the context that faulted. An interrupt that is pending at the fault (in the
 * shadow of STI) is delivered where the fault handler enables interrupts, and switches threads.
 * What this cannot know: switches elsewhere in the handler, except where a +tick run happens to
 * make one.
 */
#define KTEST_SUITE "infault"

#include "kernel/cpu/context.h"
#include "kernel/exception.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "mm/kmap/kmap.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/sti_shadow.h"

static struct {
	u32 switches;   /* requested by preempt() */
	u32 in_handler; /* of these, with the fault handler as the interrupted code */
} sti_shadow;

/* In interrupt context: requests a switch at the end of this interrupt. */
static bool preempt(struct regs *regs)
{
	bool in_handler = regs->rip - (u64)page_fault_long < 512;

	sti_shadow.switches++;
	sti_shadow.in_handler += in_handler;
	if (in_handler) /* else a tick came first and switched the thread away */
		EXPECT_EQ(regs_pkrs(regs), PKRS_INIT); /* the handler's own */
	this_cpu()->need_resched = true;
	return true;
}

#define MEMBERS 4

/* The threads. Each has a key for its page, and rights to another key that no page carries. */
static struct member {
	struct prot_page page;
	u32 key, held;
	u32 alone; /* faults without a switch in the handler */
} members[MEMBERS];

static void fault_once(struct member *m, u32 i)
{
	rights_set(WITH_KEY(m->held));
	this_cpu()->switched_from = current_thread(); /* until the next switch to this thread */
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
		for (u32 j = 0; j < MEMBERS; j++)
			if (&members[j] != m)
				EXPECT_DENIED(&members[j].page);
	}
	return 0;
}

static bool member_get(struct member *m, u32 held)
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

static void member_put(struct member *m)
{
	kunmap(m->page.page);
	prot_page_put(&m->page);
	EXPECT_EQ(pks_key_free(m->key), 0);
}

static void run_members(int (*fn)(void *))
{
	struct thread *threads[MEMBERS];

	preempt_disable(); /* they start when all exist */
	for (u32 i = 0; i < MEMBERS; i++)
		threads[i] = thread_create("member", fn, &members[i]);
	preempt_enable();
	for (u32 i = 0; i < MEMBERS; i++)
		if (EXPECT(threads[i]))
			EXPECT(!thread_join(threads[i]).died);
}

/*
 * The same with `preempt` as the interrupt's hook. Another CPU's IPI, of higher priority, can
 * switch a thread away before its own interrupt is delivered. The thread may then resume and end on
 * another CPU while the interrupt is still pending on the first.
 */
static void run_preempted(int (*fn)(void *))
{
	trap_hook_set(VECTOR_TEST, preempt);
	run_members(fn);
	percpu_drain_interrupts();
	trap_hook_set(VECTOR_TEST, NULL);
}

/* All threads are in their page fault at the same time, switched away from it. */
static void rights_survive_a_switch_in_the_page_fault(void)
{
	u32 alone = 0;

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	for (u32 i = 0; i < MEMBERS; i++)
		REQUIRE(member_get(&members[i], 12 + i));
	sti_shadow.switches = 0;
	sti_shadow.in_handler = 0;
	run_preempted(fault_and_switch);
	EXPECT_EQ(sti_shadow.switches, 10 * MEMBERS);
	EXPECT_EQ(sti_shadow.in_handler, 10 * MEMBERS);
	for (u32 i = 0; i < MEMBERS; i++) {
		alone += members[i].alone;
		member_put(&members[i]);
	}
	EXPECT(alone <= 10 * MEMBERS / 2); /* the last thread has none to switch to */
}
KTEST(rights_survive_a_switch_in_the_page_fault, KT_PKS | KT_STRESS | KT_ONE_CPU);

/* A refusal after a switch returns the fault to the right thread. */
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

static void a_refusal_survives_a_switch(void)
{
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	for (u32 i = 0; i < MEMBERS; i++)
		REQUIRE(member_get(&members[i], 12 + i));
	run_preempted(be_refused_and_switch);
	for (u32 i = 0; i < MEMBERS; i++)
		member_put(&members[i]);
}
KTEST(a_refusal_survives_a_switch, KT_PKS | KT_STRESS);

/* An exception handler that sleeps, yields, has its own rights and changes the frame's. */
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
	for (u32 i = 0; i < MEMBERS; i++)
		members[i] = (struct member){ .key = PKS_KEY_FIRST_DYNAMIC + i, .held = 12 + i };
	run_members(break_and_sleep);
	trap_hook_set(X86_BP, before);
}
KTEST(an_exception_handler_may_sleep, KT_PKS | KT_STRESS);

/* Is pardoned again and again; in a +tick run the tick hits anywhere in the handler. */
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

static void rights_survive_ticks_in_the_page_fault(void)
{
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	for (u32 i = 0; i < MEMBERS; i++)
		REQUIRE(member_get(&members[i], 12 + i));
	run_members(be_pardoned_on_and_on);
	for (u32 i = 0; i < MEMBERS; i++)
		member_put(&members[i]);
}
KTEST(rights_survive_ticks_in_the_page_fault, KT_PKS | KT_STRESS);

// SPDX-License-Identifier: MIT
/*
 * One NMI at one place, and none after it, which might mend what that one broke. By itself the test
 * sends an NMI at the beginning of each step. tools/inject drives it from outside, to any
 * instruction of a round, with interrupts off and in the entry code too. What this cannot know: two
 * CPUs at once, and when a real machine delivers an NMI.
 */
#define KTEST_SUITE "outside"

#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/layout.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/string.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"
#include "kernel/watchdog.h"
#include "mm/kmap/kmap.h"
#include "mm/page_alloc.h"
#include "pks/keys.h"
#include "tests/harness/access.h"
#include "tests/harness/user.h"
#include "tests/outside/outside.h"

#define WATCHDOG_NS 8000000000ULL

struct outside outside;
struct outside_pages pages;

static struct uspace us;
static bool partner_leaves;

static int partner(void *arg)
{
	(void)arg;
	rights_set(WITH_KEY(KEY_B));
	while (!smp_load_acquire(&partner_leaves)) {
		EXPECT_OUTSIDE(WITH_KEY(KEY_B));
		thread_yield();
	}
	return 0;
}

/* A key that is lent here is not the other thread's business: its switch ends the loan. */
static void switch_threads(void)
{
	rights_set(WITH_KEY(KEY_A));
	for (u32 i = 0; i < 3; i++) {
		if (outside.scope == PKS_SCOPE_GLOBAL)
			EXPECT_NO_FAULT(policy_write(pages.marked.va), "the page is marked");
		EXPECT_OUTSIDE(WITH_KEY(KEY_A));
		thread_yield();
		EXPECT_RIGHTS(WITH_KEY(KEY_A));
	}
	rights_set(PKRS_INIT);
}

/* The #BP of a user program and the system calls are contexts that leave all keys open. */
static bool on_break(struct regs *regs)
{
	EXPECT(regs_user(regs));
	EXPECT_EQ(regs->rsp >> PAGE_SHIFT, (USER_STACK - 1) >> PAGE_SHIFT);
	EXPECT_OUTSIDE(PKRS_INIT);
	rights_set(0);
	return true;
}

static u64 on_call(u64 arg)
{
	EXPECT_OUTSIDE(PKRS_INIT);
	rights_set(WITH_KEY(KEY_C));
	return arg + 1;
}

static void expect_code(void (*program)(u64), u64 arg, int code)
{
	struct thread_end end = run_in_user_mode(&us, program, arg);

	EXPECT(!end.died);
	EXPECT_EQ(end.code, code);
	EXPECT_OUTSIDE(PKRS_INIT);
}

static void user_mode(void)
{
	trap_hook_set(X86_BP, on_break);
	syscall_test_hook_set(on_call);
	expect_code(user_call_and_break, 5, 6);
	expect_code(user_yield, 2, 0);
	expect_code(user_step, 2, 2);
	syscall_test_hook_set(NULL);
	trap_hook_set(X86_BP, NULL);
}

static void (*const steps[])(void) = {
	outside_fault,         outside_refusal, outside_exception, outside_registers,
	outside_machine_check, outside_user_gs, outside_interrupt, outside_soft,
	outside_rights,        outside_maps,    outside_disorder,  outside_marks,
	switch_threads,        user_mode,
};

/*
 * tools/inject stops the machine here between two rounds, reads what the last one did, and writes
 * what the next one does.
 */
static __attribute__((noinline)) void outside_next(void)
{
	barrier();
}

/* What is left after a round is of no context: what was lent is taken back. */
static void play_round(void)
{
	policy_scope_set((enum pks_scope)outside.scope);
	for (u32 i = 0; i < ARRAY_SIZE(steps); i++) {
		u32 step = (u32)(outside.first + i) % ARRAY_SIZE(steps);

		if (!outside.hosted)
			apic_self_nmi();
		steps[step]();
		EXPECT_OUTSIDE(PKRS_INIT);
	}
	pkrs_recall();
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_DENIED(&pages.marked);
	EXPECT_DENIED(&pages.closed);
	EXPECT_EQ(this_local()->maps, 0);
	EXPECT_EQ(this_local()->steps, 0);
}

/* Its own plan, for rounds without tools/inject. */
static void plan(void)
{
	outside.scope = outside.rounds % PKS_SCOPES;
	outside.handler = outside.rounds / PKS_SCOPES % OUTSIDE_HANDLERS;
	outside.first = outside.rounds;
	outside.nmis = 0;
}

static void play(void)
{
	do {
		plan();
		play_round();
		EXPECT_EQ(outside.nmis, ARRAY_SIZE(steps));
		outside.rounds++;
		outside_next();
		while (READ_ONCE(outside.hosted)) {
			watchdog_set(WATCHDOG_NS, "outside");
			play_round();
			outside.rounds++;
			outside_next();
		}
	} while (outside.rounds < PKS_SCOPES * OUTSIDE_HANDLERS);
}

static bool pages_get(const int keys[4])
{
	pages.plain = page_alloc(0);
	return pages.plain && prot_page_get(&pages.marked, (u32)keys[0]) &&
	       prot_page_get(&pages.second, (u32)keys[0]) &&
	       prot_page_get(&pages.closed, (u32)keys[1]) &&
	       prot_page_get(&pages.other, (u32)keys[2]) && prot_page_get(&pages.nmi, (u32)keys[3]);
}

static void pages_put(void)
{
	prot_page_put(&pages.marked);
	prot_page_put(&pages.second);
	prot_page_put(&pages.closed);
	prot_page_put(&pages.other);
	prot_page_put(&pages.nmi);
	page_free(pages.plain, 0);
}

static void one_nmi_leaves_a_round_as_it_was(void)
{
	struct thread *t = thread_prepare("partner", partner, NULL);
	int keys[4];

	for (u32 i = 0; i < ARRAY_SIZE(keys); i++)
		keys[i] = pks_key_alloc("outside");
	REQUIRE(t && keys[3] > 0 && pages_get(keys) && !uspace_create(&us));
	memset(&outside, 0, sizeof(outside));
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	kmap(pages.marked.page);
	trap_hook_set(X86_NMI, outside_nmi);
	trap_hook_set(X86_DB, outside_debug);
	partner_leaves = false;
	thread_launch(t);
	play();
	smp_store_release(&partner_leaves, true);
	thread_join(t);
	trap_hook_set(X86_DB, NULL);
	trap_hook_set(X86_NMI, NULL);
	kunmap(pages.marked.page);
	uspace_destroy(&us);
	pages_put();
	for (u32 i = 0; i < ARRAY_SIZE(keys); i++)
		pks_key_free((u32)keys[i]);
}
KTEST(one_nmi_leaves_a_round_as_it_was, KT_PKS);

// SPDX-License-Identifier: MIT
/*
 * Tests that go wrong on purpose, for tests/selftest/run: each must end with the right status and
 * explain itself. They run only with tests=selftest.NAME.
 */
#define KTEST_SUITE "selftest"

#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/console/screen.h"
#include "kernel/cpu/insn.h"
#include "kernel/thread.h"
#include "kernel/watchdog.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"
#include "tests/harness/contexts.h"
#include "tests/harness/expect.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"

#define SECOND 1000000000ULL

static void fails(void)
{
	u64 six = 6;

	EXPECT_EQ(six, 7); /* in the test itself */
}
KTEST(fails, KT_SELFTEST);

static void checks_nothing(void)
{
}
KTEST(checks_nothing, KT_SELFTEST);

static void keeps_the_worst_reason(void)
{
	ktest_skip("a skip before");
	ktest_error("the error");
	ktest_error("a second error");
	ktest_skip("a skip after");
}
KTEST(keeps_the_worst_reason, KT_SELFTEST);

static void hangs(void)
{
	for (;;)
		cpu_relax();
}
KTEST(hangs, KT_SELFTEST);

static void leaves_a_thread(void)
{

	EXPECT(true);
	thread_prepare("forgotten", NULL, NULL);
}
KTEST(leaves_a_thread, KT_SELFTEST);

static void loses_a_frame(void)
{
	EXPECT(page_alloc(0));
}
KTEST(loses_a_frame, KT_SELFTEST);

static void loses_two_frames_and_skips(void)
{
	EXPECT(page_alloc(1));
	SKIP_IF(true, "no");
}
KTEST(loses_two_frames_and_skips, KT_SELFTEST);

static __attribute__((noinline)) u64 dig(u64 depth)
{
	volatile u64 hole[64];

	hole[depth % 64] = depth;
	return depth ? dig(depth + 1) + hole[depth % 64] : 0;
}

static void overflows_its_stack(void)
{
	EXPECT(dig(1) == 0);
}
KTEST(overflows_its_stack, KT_SELFTEST);

static void panics(void)
{
	EXPECT(true);
	panic("on purpose, %d", 42);
}
KTEST(panics, KT_SELFTEST);

static void print(void *arg)
{
	(void)arg;
	pr("# interrupted\n");
}

static bool panic_now(struct regs *regs)
{
	(void)regs;
	panic("in an NMI, while a text was printed");
}

static bool stop_in_the_console(struct regs *regs)
{
	if (regs->rip == (u64)screen_flush)
		nmi_at_iret(panic_now);
	return true;
}

/* The interrupted holder of the console's lock never releases it. */
static void panics_while_printing(void)
{
	EXPECT(true);
	single_step(print, NULL, stop_in_the_console);
}
KTEST(panics_while_printing, KT_SELFTEST);

static struct page *protected_page(void)
{
	struct page *page = page_alloc(0);

	BUG_ON(!page || devmap_protect(page, 1, PKS_KEY_DEVMAP));
	return page;
}

static void write_to(void *page)
{
	*(volatile u64 *)page_address(page) = 1;
}

/* The long way of a fault: each store has one, and is stepped. */
static void faults_for_ever(void)
{
	volatile u64 *word = page_address(protected_page());

	policy_set(PKS_MODE_SILENT, PKS_GATE_ANY);
	policy_scope_set(PKS_SCOPE_INSTRUCTION);
	watchdog_set(SECOND, __func__);
	for (;;)
		*word = 1;
}
KTEST(faults_for_ever, KT_SELFTEST | KT_PKS);

/* Faults that come from a loop over pages do not explain the hang. */
static void faults_at_many_pages_for_ever(void)
{
	volatile u64 *word[8];

	for (u32 i = 0; i < ARRAY_SIZE(word); i++)
		word[i] = page_address(protected_page());
	policy_set(PKS_MODE_SILENT, PKS_GATE_ANY);
	policy_scope_set(PKS_SCOPE_INSTRUCTION);
	watchdog_set(3 * SECOND, __func__);
	for (u32 i = 0;; i++)
		*word[i % ARRAY_SIZE(word)] = 1;
}
KTEST(faults_at_many_pages_for_ever, KT_SELFTEST | KT_PKS);

/* The short way: as if a pardon did not hold. */
static void faults_for_ever_in_short(void)
{
	struct page *page = protected_page();
	volatile u64 *word = page_address(page);

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	policy_scope_set(PKS_SCOPE_CONTEXT);
	kmap(page);
	watchdog_set(SECOND, __func__);
	for (;;) {
		*word = 1;
		pkrs_write(PKRS_INIT);
	}
}
KTEST(faults_for_ever_in_short, KT_SELFTEST | KT_PKS);

/* The page is marked, so STRICT is the only reason to die. */
static void dies_of_a_key(void)
{
	struct page *page = protected_page();

	policy_mode_set(PKS_MODE_STRICT);
	kmap(page);
	write_to(page);
}
KTEST(dies_of_a_key, KT_SELFTEST | KT_PKS);

static void dies_of_a_key_in_an_interrupt(void)
{
	run_in(IN_INTERRUPT, write_to, protected_page());
}
KTEST(dies_of_a_key_in_an_interrupt, KT_SELFTEST | KT_PKS);

static void is_warned_about(void)
{
	struct page *page = protected_page();

	policy_mode_set(PKS_MODE_RELAXED);
	kmap(page);
	write_to(page);
	EXPECT_EQ(pks_stats.warnings, 1);
	kunmap(page);
	kunmap(page);
	pks_set_noaccess(PKS_KEY_DEVMAP);
	BUG_ON(devmap_unprotect(page, 1));
	page_free(page, 0);
}
KTEST(is_warned_about, KT_SELFTEST | KT_PKS);

/* As on a machine that loses a bit: the mirror does not know. */
static void loses_a_bit_of_the_register(void)
{
	EXPECT(true);
	wrmsr(MSR_IA32_PKRS, PKRS_INIT & ~pkrs_mask(KEY_A));
}
KTEST(loses_a_bit_of_the_register, KT_SELFTEST | KT_PKS);

/* The second of two pages: once both are free, it is behind the head of a larger block. */
static void frees_a_page_twice(void)
{
	struct page *pair = page_alloc(1);

	REQUIRE(pair);
	page_free(pair, 0);
	page_free(pair + 1, 0);
	page_free(pair + 1, 0);
}
KTEST(frees_a_page_twice, KT_SELFTEST);

/* These three run with debug_pagealloc=on: the reports name both owners. */
static __attribute__((noinline)) struct page *allocates(void)
{
	struct page *page = page_alloc(0);

	barrier();
	return page;
}

static __attribute__((noinline)) void frees(struct page *page)
{
	page_free(page, 0);
	barrier();
}

static void uses_freed_memory(void)
{
	struct page *page = allocates();

	REQUIRE(page);
	frees(page);
	*(volatile u64 *)page_to_virt(page) = 1;
}
KTEST(uses_freed_memory, KT_SELFTEST);

static void use_in_an_nmi(void *arg)
{
	((volatile u64 *)arg)[511] = 1;
}

static void uses_freed_memory_in_an_nmi(void)
{
	struct page *page = allocates();

	REQUIRE(page);
	frees(page);
	run_in(IN_NMI, use_in_an_nmi, page_to_virt(page));
}
KTEST(uses_freed_memory_in_an_nmi, KT_SELFTEST);

static void frees_a_page_of_a_freed_block(void)
{
	struct page *block = page_alloc(3);

	REQUIRE(block);
	page_free(block, 3);
	frees(block + 5);
}
KTEST(frees_a_page_of_a_freed_block, KT_SELFTEST);

// SPDX-License-Identifier: MIT
/*
 * The fault policy at run time: changes of mode and gate, one warning for each call site, real
 * deaths, instructions that fault more than once. What this cannot know: the wording of a warning;
 * tests/selftest/run reads that from the console.
 */
#define KTEST_SUITE "policy"

#include "kernel/lib/string.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

/* Far from the windows that other tests map. */
#define WINDOW (TEST_BASE + 0x4000000000)

static void mode_and_gate_take_effect_at_once(void)
{
	struct prot_page device, marked;

	if (!prot_page_get(&device, PKS_KEY_DEVMAP) || !marked_page(&marked, PKS_KEY_DEVMAP))
		return;
	for (u32 i = 0; i < 3; i++) {
		policy_set(PKS_MODE_STRICT, PKS_GATE_ANY);
		EXPECT_CLOSED(&marked);
		EXPECT_CLOSED(&device);
		policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
		EXPECT_OPEN(&marked);
		EXPECT_CLOSED(&device);
		policy_gate_set(PKS_GATE_ANY);
		EXPECT_OPEN(&marked);
		EXPECT_OPEN(&device);
	}
	marked_page_put(&marked);
	prot_page_put(&device);
}
KTEST(mode_and_gate_take_effect_at_once, KT_PKS | KT_STRESS);

static void expect_in_force(struct pks_policy want)
{
	struct pks_policy now = pks_policy_get();

	EXPECT_EQ(now.mode, want.mode);
	EXPECT_EQ(now.gate, want.gate);
	EXPECT_EQ(now.scope, want.scope);
}

static void an_unknown_policy_changes_nothing(void)
{
	static const struct pks_policy known = { PKS_MODE_SILENT, PKS_GATE_ANY,
						 PKS_SCOPE_INSTRUCTION };
	static const struct pks_policy unknown[] = {
		{ PKS_MODES, PKS_GATE_KMAPPED, PKS_SCOPE_CONTEXT },
		{ PKS_MODE_OFF, PKS_GATES, PKS_SCOPE_CONTEXT },
		{ PKS_MODE_OFF, PKS_GATE_KMAPPED, PKS_SCOPES },
		{ (enum pks_mode) - 1, PKS_GATE_KMAPPED, PKS_SCOPE_CONTEXT },
		{ PKS_MODE_OFF, (enum pks_gate) - 1, PKS_SCOPE_CONTEXT },
		{ PKS_MODE_OFF, PKS_GATE_KMAPPED, (enum pks_scope) - 1 },
	};

	EXPECT_EQ(pks_policy_set(known), 0);
	for (u32 i = 0; i < ARRAY_SIZE(unknown); i++) {
		EXPECT_EQ(pks_policy_set(unknown[i]), -EINVAL);
		expect_in_force(known);
		EXPECT_EQ(pkrs_enforced(), pks_on());
	}
}
KTEST(an_unknown_policy_changes_nothing, 0);

/* Setting the policy in force sends no IPI, and so does not correct CR4.PKS. */
static void a_policy_in_force_is_not_set_again(void)
{
	u32 changes;

	policy_set(PKS_MODE_SILENT, PKS_GATE_ANY);
	changes = pks_changes();
	pkrs_enforce(false);
	policy_set(PKS_MODE_SILENT, PKS_GATE_ANY);
	EXPECT(!pkrs_enforced());
	pkrs_enforce(true);
	EXPECT_EQ(pks_changes(), changes);
	policy_mode_set(PKS_MODE_STRICT);
	EXPECT_EQ(pks_changes(), changes + 1);
}
KTEST(a_policy_in_force_is_not_set_again, KT_PKS);

static void leaving_mode_off_denies_at_once(void)
{
	struct prot_page p;

	if (!prot_page_get(&p, PKS_KEY_DEVMAP))
		return;
	for (u32 i = 0; i < 3; i++) {
		policy_mode_set(PKS_MODE_OFF);
		EXPECT_ACCESSIBLE(&p);
		EXPECT_RIGHTS(PKRS_INIT); /* OFF gives no rights, it stops checking them */
		policy_mode_set(PKS_MODE_STRICT);
		EXPECT_DENIED(&p); /* CR4.PKS needs no flush: "Ordering and caching" */
	}
	prot_page_put(&p);
}
KTEST(leaving_mode_off_denies_at_once, KT_PKS);

static void read_in_context(void *arg)
{
	EXPECT_NO_FAULT(policy_read(((struct prot_page *)arg)->va), "pardoned");
}

static void each_call_site_is_warned_about_once(void)
{
	u64 before = pks_stats.warnings, pardons = pks_stats.pardons;
	struct prot_page p, q;

	if (!marked_page(&p, PKS_KEY_DEVMAP) || !marked_page(&q, PKS_KEY_DEVMAP))
		return;
	pks_warnings_forget();
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	run_in(IN_EXCEPTION, read_in_context, &p);
	EXPECT_EQ(pks_stats.warnings - before, 0); /* a silent pardon does not use up the warning */
	policy_mode_set(PKS_MODE_RELAXED);
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		run_in(c, read_in_context, &p);
		run_in(c, read_in_context, &q); /* another page, the same call site */
	}
	EXPECT_EQ(pks_stats.pardons - pardons, 1 + 2 * TEST_CONTEXTS);
	EXPECT_EQ(pks_stats.warnings - before, 1);
	EXPECT_NO_FAULT(policy_write(p.va), "pardoned: another call site");
	EXPECT_EQ(pks_stats.warnings - before, 2);
	marked_page_put(&q);
	marked_page_put(&p);
}
KTEST(each_call_site_is_warned_about_once, KT_PKS);

static int write_plainly(void *arg)
{
	pks_grant(KEY_A, PKS_WRITE);
	*((struct prot_page *)arg)->va = 5;
	return 0;
}

static int count_turns(void *arg)
{
	for (u32 i = 0; i < 20; i++) {
		++*(u32 *)arg;
		thread_yield();
	}
	return 0;
}

/* A refused thread dies, thread_join() returns why, and other threads run on. */
static void refused_dies(enum pks_mode mode, const struct prot_page *p)
{
	struct thread *victim = thread_prepare("refused", write_plainly, (void *)p), *other;
	struct thread_end end;
	u32 turns = 0;

	REQUIRE(victim);
	policy_mode_set(mode);
	victim->expects_death = true;
	other = thread_create("other", count_turns, &turns);
	thread_launch(victim);
	end = thread_join(victim);
	EXPECT(end.died);
	EXPECT_PAGE_FAULT(end.fault, PF_P | PF_W | PF_PK, p->va, "refused");
	EXPECT_EQ(end.fault.pkrs, WITH_KEY(KEY_A)); /* its rights at the fault */
	EXPECT(end.rip - (u64)write_plainly < 128);
	REQUIRE(other);
	EXPECT(!thread_join(other).died);
	EXPECT_EQ(turns, 20);
	EXPECT_EQ(prot_page_peek(p), 0);
	EXPECT_RIGHTS(PKRS_INIT);
}

static void refused_threads_die(void)
{
	struct prot_page p;

	policy_gate_set(PKS_GATE_KMAPPED);
	if (!prot_page_get(&p, PKS_KEY_DEVMAP))
		return;
	refused_dies(PKS_MODE_RELAXED, &p);
	refused_dies(PKS_MODE_SILENT, &p);
	kmap(p.page);
	refused_dies(PKS_MODE_STRICT, &p);
	kunmap(p.page);
	prot_page_put(&p);
}
KTEST(refused_threads_die, KT_PKS | KT_STRESS);

static void a_write_under_a_read_grant_is_pardoned(void)
{
	u64 before = pks_stats.pardons;
	struct prot_page p;

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!marked_page(&p, PKS_KEY_DEVMAP))
		return;
	pks_grant(PKS_KEY_DEVMAP, PKS_READ);
	EXPECT_NO_FAULT(policy_read(p.va), "granted");
	EXPECT_EQ(pks_stats.pardons - before, 0);
	EXPECT_NO_FAULT(policy_write(p.va), "WD alone is pardoned too");
	EXPECT_EQ(pks_stats.pardons - before, 1);
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	marked_page_put(&p);
}
KTEST(a_write_under_a_read_grant_is_pardoned, KT_PKS | KT_STRESS);

/* An instruction on two pages of two keys faults twice and takes effect once. */
static void an_instruction_is_pardoned_twice(void)
{
	int key = pks_key_alloc("second page");
	struct page *pages = page_alloc(1);
	u64 before = pks_stats.pardons, *word, value;

	REQUIRE(key > 0 && pages);
	memset(page_address(pages), 0, 2 * PAGE_SIZE);
	policy_set(PKS_MODE_SILENT, PKS_GATE_ANY);
	EXPECT_EQ(devmap_protect(pages, 1, PKS_KEY_DEVMAP), 0);
	EXPECT_EQ(devmap_protect(pages + 1, 1, (u32)key), 0);
	word = (u64 *)((u64)page_address(pages + 1) - 4);
	for (u64 i = 1; i <= 3; i++) {
		asm volatile("lock addq %1, %0" : "+m"(*word) : "r"(0x100000001) : "memory", "cc");
		EXPECT_EQ(*word, i * 0x100000001);
		rights_set(PKRS_INIT);
		EXPECT_EQ(pks_stats.pardons - before, 2 * i);
	}
	EXPECT_NO_FAULT(touch_read(word, &value), "both pages are open to a pardon");
	EXPECT_EQ(value, 0x300000003);
	devmap_unprotect(pages, 2);
	page_free(pages, 1);
	EXPECT_EQ(pks_key_free((u32)key), 0);
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
}
KTEST(an_instruction_is_pardoned_twice, KT_PKS | KT_STRESS);

/* REP MOVSQ faults in the middle and resumes there. */
static void a_string_copy_resumes_after_a_pardon(void)
{
	struct page *pages = page_alloc(1);
	u64 *from, *to, *end, words = 32;

	REQUIRE(pages);
	policy_set(PKS_MODE_SILENT, PKS_GATE_ANY);
	from = page_address(pages);
	to = from + PAGE_SIZE / 8 - words / 2;
	for (u64 i = 0; i < words; i++)
		from[i] = i * i;
	EXPECT_EQ(devmap_protect(pages + 1, 1, PKS_KEY_DEVMAP), 0);
	end = to;
	asm volatile("rep movsq" : "+D"(end), "+S"(from), "+c"(words) : : "memory");
	EXPECT_EQ(words, 0);
	for (u64 i = 0; i < 32; i++)
		EXPECT_EQ(to[i], i * i);
	devmap_unprotect(pages + 1, 1);
	page_free(pages, 1);
}
KTEST(a_string_copy_resumes_after_a_pardon, KT_PKS | KT_STRESS);

struct alias {
	volatile u64 *va;
	u32 key, after;
};

static void read_alias(void *arg)
{
	struct alias *a = arg;

	EXPECT_NO_FAULT(policy_read(a->va), "the page is marked, through whichever mapping");
	a->after = pkrs_register();
}

/* The mark is the page's; the pardon opens the key of the mapping that was accessed. */
static void a_mark_holds_through_a_second_mapping(void)
{
	int key = pks_key_alloc("second mapping");
	struct alias a = { (volatile u64 *)WINDOW, (u32)key, 0 };
	struct prot_page p;

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!EXPECT(key > 0) || !marked_page(&p, PKS_KEY_DEVMAP))
		return;
	EXPECT_EQ(pgtable_map(kernel_root, WINDOW, page_to_phys(p.page), PAGE_SIZE,
			      pte_with_key(PTE_RW_DATA, a.key), 1),
		  0);
	run_in(IN_EXCEPTION, read_alias, &a);
	EXPECT_EQ(a.after, WITH_KEY(a.key));
	pgtable_unmap(kernel_root, WINDOW, PAGE_SIZE);
	marked_page_put(&p);
	EXPECT_EQ(pks_key_free(a.key), 0);
}
KTEST(a_mark_holds_through_a_second_mapping, KT_PKS);

/* A mark is one page's, even if one entry maps 512 pages. */
static void a_mark_in_a_large_page_is_one_pages(void)
{
	struct page *block = page_alloc(9);
	struct prot_page marked, other;

	REQUIRE(block);
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	EXPECT_EQ(devmap_protect(block, 512, PKS_KEY_DEVMAP), 0);
	marked = (struct prot_page){ block + 300, page_address(block + 300) };
	other = (struct prot_page){ block + 301, page_address(block + 301) };
	kmap(marked.page);
	EXPECT_OPEN(&marked);
	EXPECT_CLOSED(&other);
	kunmap(marked.page);
	EXPECT_CLOSED(&marked);
	devmap_unprotect(block, 512);
	page_free(block, 9);
}
KTEST(a_mark_in_a_large_page_is_one_pages, KT_PKS);

// SPDX-License-Identifier: MIT
/*
 * kmap() and kunmap() count marks on a page, which give nobody rights. What this cannot know: what
 * an unbalanced kunmap() prints; tests/selftest/run reads that from the console.
 */
#define KTEST_SUITE "marks"

#include "kernel/lib/random.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/set_memory.h"
#include "pks/policy/fault.h"
#include "pks/policy/marks.h"
#include "pks/rights.h"
#include "tests/harness/actor.h"
#include "tests/harness/fixture.h"

/* A test that runs with either way to count: in struct page, and as NAME_in_hash in a hash. */
#define KTEST_MARKS(function, test_flags)           \
	KTEST(function, test_flags);                \
	static void function##_in_hash(void)        \
	{                                           \
		enum pks_marks was = options.marks; \
                                                    \
		pks_marks_set(PKS_MARKS_HASH);      \
		function();                         \
		pks_marks_set(was);                 \
	}                                           \
	KTEST(function##_in_hash, test_flags)

static bool page_get(struct prot_page *p)
{
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	return prot_page_get(p, PKS_KEY_DEVMAP);
}

static void the_mark_gives_nobody_rights(void)
{
	struct prot_page p;

	if (!page_get(&p))
		return;
	EXPECT(kmap(p.page) == p.va);
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_DENIED(&p);
	kunmap(p.page);
	EXPECT_RIGHTS(PKRS_INIT);
	prot_page_put(&p);
}
KTEST_MARKS(the_mark_gives_nobody_rights, KT_PKS);

static void the_last_unmap_closes(void)
{
	struct prot_page p, neighbour;

	if (!page_get(&p) || !page_get(&neighbour))
		return;
	EXPECT_CLOSED(&p);
	for (u32 n = 1; n <= 5; n++) {
		kmap(p.page);
		EXPECT_EQ(page_marks(p.page), n);
		EXPECT_OPEN(&p);
		EXPECT_CLOSED(&neighbour);
	}
	for (u32 n = 5; n > 0; n--) {
		EXPECT_OPEN(&p);
		kunmap(p.page);
		EXPECT_EQ(page_marks(p.page), n - 1);
	}
	EXPECT_CLOSED(&p);
	prot_page_put(&neighbour);
	prot_page_put(&p);
}
KTEST_MARKS(the_last_unmap_closes, KT_PKS | KT_STRESS);

static void do_map(void *arg)
{
	kmap(((struct prot_page *)arg)->page);
}

static void do_unmap(void *arg)
{
	kunmap(((struct prot_page *)arg)->page);
}

/* Two threads each map (A, B) and unmap (a, b) once, in every order. */
static void two_threads_map_in_any_order(void)
{
	static const char *const orders[] = { "AaBb", "ABab", "ABba", "BAab", "BAba", "BbAa" };
	struct prot_page p;
	struct actor a, b;

	if (!page_get(&p) || !actor_start(&a, "A") || !actor_start(&b, "B"))
		return;
	for (u32 i = 0; i < ARRAY_SIZE(orders); i++) {
		u32 marks = 0;

		for (const char *c = orders[i]; *c; c++) {
			bool map = *c < 'a';

			actor_do((*c | 32) == 'a' ? &a : &b, map ? do_map : do_unmap, &p);
			marks += map ? 1 : -1;
			EXPECT_EQ(page_marks(p.page), marks);
			if (marks)
				EXPECT_OPEN(&p);
			else
				EXPECT_CLOSED(&p);
		}
	}
	actor_end(&b);
	actor_end(&a);
	prot_page_put(&p);
}
KTEST_MARKS(two_threads_map_in_any_order, KT_PKS | KT_STRESS);

static int map_touch_unmap(void *arg)
{
	struct prot_page *p = arg;

	for (u32 i = 0; i < 10 + ktest_rounds() / 10; i++) {
		kmap(p->page);
		if (random_below(4) == 0)
			thread_yield();
		rights_set(PKRS_INIT); /* drop the last round's pardon */
		EXPECT_NO_FAULT(policy_read(p->va), "open while a thread has it mapped");
		kunmap(p->page);
	}
	return 0;
}

static void touch_in_turn(struct prot_page *p)
{
	struct thread *t[3];

	for (u32 i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = thread_create("mapper", map_touch_unmap, p);
	for (u32 i = 0; i < ARRAY_SIZE(t); i++)
		if (EXPECT(t[i]))
			EXPECT(!thread_join(t[i]).died);
}

static void many_threads_map_at_once(void)
{
	struct prot_page p;

	if (!page_get(&p))
		return;
	touch_in_turn(&p);
	EXPECT_EQ(page_marks(p.page), 0);
	EXPECT_CLOSED(&p);
	prot_page_put(&p);
}
KTEST_MARKS(many_threads_map_at_once, KT_PKS | KT_STRESS);

static void any_context_may_map_and_unmap(void)
{
	struct prot_page p;

	if (!page_get(&p))
		return;
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		run_in(c, do_map, &p);
		EXPECT_EQ(page_marks(p.page), 1);
		EXPECT_OPEN(&p); /* the mark is global, unlike a pardon */
		run_in((c + 3) % TEST_CONTEXTS, do_unmap, &p);
		EXPECT_CLOSED(&p);
	}
	prot_page_put(&p);
}
KTEST_MARKS(any_context_may_map_and_unmap, KT_PKS | KT_STRESS);

static void one_unmap_too_many_does_no_harm(void)
{
	struct prot_page p;
	u64 before;

	if (!page_get(&p))
		return;
	before = pks_mark_stats.underflows;
	kunmap(p.page);
	EXPECT_EQ(pks_mark_stats.underflows - before, 1);
	EXPECT_EQ(page_marks(p.page), 0);
	EXPECT_CLOSED(&p);
	kmap(p.page); /* the next kmap() counts in full */
	EXPECT_OPEN(&p);
	kunmap(p.page);
	EXPECT_CLOSED(&p);
	prot_page_put(&p);
}
KTEST_MARKS(one_unmap_too_many_does_no_harm, KT_PKS);

static void an_ordinary_page_costs_nothing(void)
{
	struct page *page = page_alloc(0);
	u64 before = pks_stats.faults;
	volatile u64 *va;

	REQUIRE(page);
	page->kmap_site = 0;
	va = kmap(page);
	EXPECT(va == page_address(page));
	EXPECT_EQ(page_marks(page), 0);
	EXPECT_EQ(page->kmap_site, 0);
	*va = 1;
	EXPECT_EQ(pks_stats.faults - before, 0);
	kunmap(page);
	EXPECT_EQ(page_marks(page), 0);
	page_free(page, 0);
}
KTEST_MARKS(an_ordinary_page_costs_nothing, 0);

/* A mapped page's range loses its protection and gets it back. */
static void a_mark_outlives_the_key(void)
{
	struct prot_page p;
	u64 underflows;

	if (!page_get(&p))
		return;
	kmap(p.page);
	kmap(p.page);
	EXPECT_EQ(devmap_unprotect(p.page, 1), 0);
	EXPECT_ACCESSIBLE(&p);
	kunmap(p.page); /* counted, though the page has no key now */
	EXPECT_EQ(page_marks(p.page), 1);
	EXPECT_EQ(devmap_protect(p.page, 1, PKS_KEY_DEVMAP), 0);
	EXPECT_OPEN(&p);
	kunmap(p.page);
	EXPECT_CLOSED(&p);
	EXPECT_EQ(devmap_unprotect(p.page, 1), 0);
	underflows = pks_mark_stats.underflows;
	kmap(p.page);
	kunmap(p.page); /* of a page that had a key before: no mark, no warning */
	EXPECT_EQ(pks_mark_stats.underflows, underflows);
	EXPECT_EQ(devmap_protect(p.page, 1, PKS_KEY_DEVMAP), 0);
	prot_page_put(&p);
}
KTEST_MARKS(a_mark_outlives_the_key, KT_PKS);

/* A mark depends on neither gate nor device range: any page with a key can be marked. */
static void a_page_of_no_device_can_be_marked(void)
{
	struct page *page = page_alloc(0);
	struct prot_page p;

	REQUIRE(page);
	p = (struct prot_page){ page, page_address(page) };
	EXPECT_EQ(set_memory_pkey((u64)p.va, 1, PKS_KEY_DEVMAP), 0);
	for (enum pks_gate gate = 0; gate < PKS_GATES; gate++) {
		policy_set(PKS_MODE_SILENT, gate);
		EXPECT_CLOSED(&p);
		kmap(page);
		EXPECT_OPEN(&p);
		kunmap(page);
		EXPECT_CLOSED(&p);
	}
	EXPECT_EQ(set_memory_pkey((u64)p.va, 1, PKS_KEY_DEFAULT), 0);
	page_free(page, 0);
}
KTEST_MARKS(a_page_of_no_device_can_be_marked, KT_PKS);

static void pardon_me(void *arg)
{
	EXPECT_NO_FAULT(policy_read(((struct prot_page *)arg)->va), "pardoned");
}

static void use_my_pardon(void *arg)
{
	EXPECT_ACCESSIBLE((struct prot_page *)arg);
}

/* kunmap() ends the mark, not the pardons that it allowed. */
static void a_pardon_outlives_the_mark(void)
{
	struct prot_page p;
	struct actor a;

	if (!page_get(&p) || !actor_start(&a, "pardoned"))
		return;
	kmap(p.page);
	actor_do(&a, pardon_me, &p);
	kunmap(p.page);
	actor_do(&a, use_my_pardon, &p);
	EXPECT_CLOSED(&p);
	actor_end(&a);
	prot_page_put(&p);
}
KTEST_MARKS(a_pardon_outlives_the_mark, KT_PKS);

/* A sequence that real users need: kmap(), grant, kunmap(), and only then the revoke. */
static void an_unmap_leaves_a_grant_open(void)
{
	struct pks_token token;
	struct prot_page p;

	if (!page_get(&p))
		return;
	kmap(p.page);
	token = pks_grant(PKS_KEY_DEVMAP, PKS_WRITE);
	kunmap(p.page);
	EXPECT_ACCESSIBLE(&p);
	EXPECT_CLOSED(&p); /* for all other contexts */
	pks_revoke(token);
	EXPECT_DENIED(&p);
	prot_page_put(&p);
}
KTEST_MARKS(an_unmap_leaves_a_grant_open, KT_PKS);

/* Reruns what must hold in any scope; the other tests need scope CONTEXT, or a second page. */
static void all_again(enum pks_scope scope)
{
	policy_scope = scope;
	the_mark_gives_nobody_rights();
	any_context_may_map_and_unmap();
	one_unmap_too_many_does_no_harm();
	a_mark_outlives_the_key();
	a_page_of_no_device_can_be_marked();
	if (scope == PKS_SCOPE_INSTRUCTION) {
		the_last_unmap_closes();
		two_threads_map_in_any_order();
		many_threads_map_at_once();
	}
	policy_scope = PKS_SCOPE_CONTEXT;
}

static void marks_work_in_scope_instruction(void)
{
	all_again(PKS_SCOPE_INSTRUCTION);
}
KTEST(marks_work_in_scope_instruction, KT_PKS);

static void marks_work_in_scope_global(void)
{
	all_again(PKS_SCOPE_GLOBAL);
}
KTEST(marks_work_in_scope_global, KT_PKS);

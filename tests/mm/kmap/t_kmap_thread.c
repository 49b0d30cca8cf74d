// SPDX-License-Identifier: MIT
/*
 * kmap_thread(): one thread's maps, in any order. What this cannot know: the warnings' texts;
 * tests/selftest/run reads them from the console.
 */
#define KTEST_SUITE "kmap_thread"

#include "kernel/cpu/local.h"
#include "kernel/cpu/trace.h"
#include "kernel/lib/string.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_thread.h"
#include "mm/kmap/kmap_warn.h"
#include "mm/page_alloc.h"
#include "pks/rights.h"
#include "tests/harness/actor.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

#define OPEN WITH_KEY(PKS_KEY_DEVMAP)

static struct prot_page pages[3];

static bool pages_get(void)
{
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	kmap_warnings_forget();
	for (u32 i = 0; i < ARRAY_SIZE(pages); i++)
		if (!prot_page_get(&pages[i], PKS_KEY_DEVMAP))
			return false;
	return true;
}

static void pages_put(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(pages); i++)
		prot_page_put(&pages[i]);
}

static u64 warnings(void)
{
	return kmap_stats.order + kmap_stats.overflow + kmap_stats.not_mapped +
	       kmap_stats.no_thread + kmap_stats.left_open;
}

static void only_the_thread_that_maps_gets_rights(void)
{
	if (!pages_get())
		return;
	EXPECT(kmap_thread(pages[0].page) == pages[0].va);
	EXPECT_RIGHTS(OPEN);
	EXPECT_NO_FAULT(probe_write(pages[0].va, 1), "mapped by this thread");
	EXPECT_CLOSED(&pages[0]); /* to other contexts */
	kunmap_thread(pages[0].page);
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_DENIED(&pages[0]);
	pages_put();
}
KTEST(only_the_thread_that_maps_gets_rights, KT_PKS);

/* Maps each of three pages twice, and unmaps them in every order of the pages. */
static void maps_are_counted_and_end_in_any_order(void)
{
	static const u8 orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	u64 before = warnings();

	if (!pages_get())
		return;
	for (u32 first = 0; first < 6; first++) {
		for (u32 second = 0; second < 6; second++) {
			for (u32 i = 0; i < 6; i++)
				kmap_thread(pages[i % 3].page);
			for (u32 i = 0; i < 6; i++) {
				EXPECT_RIGHTS(OPEN);
				kunmap_thread(pages[orders[i < 3 ? first : second][i % 3]].page);
			}
			EXPECT_RIGHTS(PKRS_INIT);
			EXPECT_EQ(this_local()->maps, 0);
		}
	}
	EXPECT_EQ(warnings() - before, 0);
	pages_put();
}
KTEST(maps_are_counted_and_end_in_any_order, KT_PKS | KT_STRESS);

/* Neither call ends a map of the other kind, and only local maps must end in order. */
static void thread_maps_and_local_maps_do_not_mix(void)
{
	u64 before = warnings();

	if (!pages_get())
		return;
	kmap_local_page_read(pages[0].page);
	kmap_thread(pages[0].page);
	kmap_thread(pages[1].page);
	kunmap_local((const void *)pages[0].va); /* no later local map is open */
	EXPECT_RIGHTS(OPEN);
	kunmap_thread(pages[0].page);
	EXPECT_RIGHTS(OPEN);
	kmap_local_page_read(pages[2].page);
	kunmap_thread(pages[1].page);
	EXPECT_RIGHTS(PKRS_INIT & ~pkrs_needs_clear(PKS_KEY_DEVMAP, PKS_READ));
	EXPECT_EQ(warnings() - before, 0);
	kunmap_thread(pages[2].page); /* it has a local map only */
	EXPECT_EQ(kmap_stats.not_mapped, warnings() - before + kmap_stats.not_mapped - 1);
	kunmap_local((const void *)pages[2].va);
	EXPECT_RIGHTS(PKRS_INIT);
	pages_put();
}
KTEST(thread_maps_and_local_maps_do_not_mix, KT_PKS);

static void map_first(void *arg)
{
	(void)arg;
	kmap_thread(pages[0].page);
}

static void unmap_first(void *arg)
{
	(void)arg;
	kunmap_thread(pages[0].page);
}

static void another_thread_may_not_unmap(void)
{
	u64 before = kmap_stats.not_mapped, left = kmap_stats.left_open;
	struct actor a, b;

	if (!pages_get() || !actor_start(&a, "maps") || !actor_start(&b, "unmaps"))
		return;
	actor_do(&a, map_first, NULL);
	actor_do(&b, unmap_first, NULL);
	EXPECT_EQ(kmap_stats.not_mapped - before, 1);
	actor_do(&a, unmap_first, NULL); /* the map is still A's */
	EXPECT_EQ(kmap_stats.not_mapped - before, 1);
	actor_do(&a, map_first, NULL);
	actor_end(&b);
	EXPECT_EQ(kmap_stats.left_open - left, 0);
	actor_end(&a);
	EXPECT_EQ(kmap_stats.left_open - left, 1);
	pages_put();
}
KTEST(another_thread_may_not_unmap, KT_PKS);

static void map_and_look(void *arg)
{
	EXPECT(kmap_thread(pages[0].page) == pages[0].va);
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_DENIED(&pages[0]);
	unmap_first(arg);
}

static void a_map_outside_a_thread_gets_no_rights(void)
{
	static const enum test_context not_threads[] = { IN_SOFTIRQ, IN_INTERRUPT, IN_NMI, IN_MC };

	if (!pages_get())
		return;
	for (u32 i = 0; i < ARRAY_SIZE(not_threads); i++) {
		u64 before = kmap_stats.no_thread;

		run_in(not_threads[i], map_and_look, NULL);
		EXPECT_EQ(kmap_stats.no_thread - before, 2);
	}
	EXPECT_RIGHTS(PKRS_INIT);
	pages_put();
}
KTEST(a_map_outside_a_thread_gets_no_rights, KT_PKS);

/* As inside kmap_atomic(): preemption is off, but it is still the thread that maps. */
static void a_thread_that_is_not_preempted_maps_too(void)
{
	u64 before = warnings();

	if (!pages_get())
		return;
	preempt_disable();
	kmap_thread(pages[0].page);
	EXPECT_RIGHTS(OPEN);
	preempt_enable();
	EXPECT_RIGHTS(OPEN);
	preempt_disable();
	kunmap_thread(pages[0].page);
	EXPECT_RIGHTS(PKRS_INIT);
	preempt_enable();
	EXPECT_EQ(warnings() - before, 0);
	pages_put();
}
KTEST(a_thread_that_is_not_preempted_maps_too, KT_PKS);

static void an_ordinary_page_is_just_an_address(void)
{
	struct page *page = page_alloc(0);
	u64 before = warnings();

	REQUIRE(page);
	EXPECT(kmap_thread(page) == page_to_virt(page));
	EXPECT_EQ(this_local()->maps, 0);
	kunmap_thread(page);
	EXPECT_EQ(warnings() - before, 0);
	page_free(page, 0);
}
KTEST(an_ordinary_page_is_just_an_address, 0);

static __attribute__((noinline)) void map_two(void)
{
	kmap_thread(pages[0].page);
	kmap_local_page(pages[1].page);
	kunmap_local((const void *)pages[1].va);
	kunmap_thread(pages[0].page);
}

static bool traced(u64 number, enum trace_type type, const struct prot_page *p)
{
	struct trace_event e;

	return trace_read(this_cpu()->id, number, &e) && e.type == type &&
	       e.a == page_to_pfn(p->page) && e.b - (u64)map_two < 256;
}

static void maps_are_traced(void)
{
	static struct trace_event events[16];
	static struct trace_ring ring = { .length = ARRAY_SIZE(events), .events = events };
	struct trace_ring *before;
	bool on = trace_on;

	SKIP_IF(options.trace, "trace=on: other events come in between");
	if (!pages_get())
		return;
	ring.head = 0;
	memset(events, 0, sizeof(events));
	before = trace_attach(this_cpu()->id, &ring);
	trace_on = true;
	map_two();
	trace_on = on;
	EXPECT(traced(1, TRACE_KMAP_THREAD, &pages[0]));
	EXPECT(traced(2, TRACE_KMAP_LOCAL, &pages[1]));
	EXPECT(traced(3, TRACE_KUNMAP_LOCAL, &pages[1]));
	EXPECT(traced(4, TRACE_KUNMAP_THREAD, &pages[0]));
	trace_attach(this_cpu()->id, before);
	pages_put();
}
KTEST(maps_are_traced, KT_PKS);

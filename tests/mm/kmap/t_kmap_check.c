// SPDX-License-Identifier: MIT
/*
 * early=on: the global address of a protected page is warned about when it is taken. What this
 * cannot know: what the warnings say; tests/selftest/run reads that from the console.
 */
#define KTEST_SUITE "kmap_check"

#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_thread.h"
#include "mm/kmap/memremap.h"
#include "tests/harness/fixture.h"

static struct prot_page p;
static struct kmap_check_stats before;

static bool begin(bool on)
{
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	if (!prot_page_get(&p, PKS_KEY_DEVMAP))
		return false;
	kmap_check_set(on);
	before = kmap_check_stats;
	return true;
}

static void expect_seen(u64 kmaps, u64 addresses, u64 warned)
{
	EXPECT_EQ(kmap_check_stats.kmap - before.kmap, kmaps);
	EXPECT_EQ(kmap_check_stats.page_address - before.page_address, addresses);
	EXPECT_EQ(kmap_check_stats.warned - before.warned, warned);
}

static void end(void)
{
	kmap_check_set(false);
	prot_page_put(&p);
}

static void take_both(void *arg)
{
	(void)arg;
	EXPECT(kmap(p.page) == p.va);
	EXPECT(page_address(p.page) == p.va);
	kunmap(p.page);
}

static void off_says_nothing(void)
{
	if (!begin(false))
		return;
	take_both(NULL);
	expect_seen(0, 0, 0);
	end();
}
KTEST(off_says_nothing, KT_PKS);

static void once_for_each_call_site(void)
{
	if (!begin(true))
		return;
	for (u64 i = 1; i <= 3; i++) {
		take_both(NULL);
		expect_seen(i, i, 2);
	}
	EXPECT(page_address(p.page) == p.va);
	expect_seen(3, 4, 3);
	EXPECT_CLOSED(&p); /* nothing else has changed */
	end();
}
KTEST(once_for_each_call_site, KT_PKS);

static void in_every_context(void)
{
	if (!begin(true))
		return;
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++)
		run_in(c, take_both, NULL);
	expect_seen(TEST_CONTEXTS, TEST_CONTEXTS, 2);
	end();
}
KTEST(in_every_context, KT_PKS | KT_STRESS);

/* Who maps for a context alone is what the check wants to see; and the kernel does not trip it. */
static void what_is_as_it_should_be(void)
{
	struct dev_pagemap range = { .pages = 3, .flags = PGMAP_PROTECTION, .owner = "early" };
	struct page *page = page_alloc(0);

	if (!page || !begin(true))
		return;
	EXPECT(kmap(page) == page_address(page));
	kunmap(page);
	kunmap_local(kmap_local_page(p.page));
	kunmap_local(kmap_local_page_read(p.page));
	kmap_thread(p.page);
	kunmap_thread(p.page);
	EXPECT_EQ(memremap_pages(&range), 0);
	EXPECT_EQ(memunmap_pages(&range), 0);
	expect_seen(0, 0, 0);
	page_free(page, 0);
	end();
}
KTEST(what_is_as_it_should_be, KT_PKS);

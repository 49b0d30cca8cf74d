// SPDX-License-Identifier: MIT
/*
 * early=on: taking the global address of a protected page warns at once. What this cannot know: the
 * warnings' texts; tests/selftest/run reads them from the console.
 */
#define KTEST_SUITE "kmap_check"

#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_thread.h"
#include "mm/kmap/memremap.h"
#include "mm/page_alloc.h"
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

static void off_warns_about_nothing(void)
{
	if (!begin(false))
		return;
	take_both(NULL);
	expect_seen(0, 0, 0);
	end();
}
KTEST(off_warns_about_nothing, KT_PKS);

static void each_call_site_is_warned_about_once(void)
{
	if (!begin(true))
		return;
	for (u64 i = 1; i <= 3; i++) {
		take_both(NULL);
		expect_seen(i, i, 2);
	}
	EXPECT(page_address(p.page) == p.va);
	expect_seen(3, 4, 3);
	EXPECT_CLOSED(&p); /* the check opens nothing */
	end();
}
KTEST(each_call_site_is_warned_about_once, KT_PKS);

static void every_context_is_checked(void)
{
	if (!begin(true))
		return;
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++)
		run_in(c, take_both, NULL);
	expect_seen(TEST_CONTEXTS, TEST_CONTEXTS, 2);
	end();
}
KTEST(every_context_is_checked, KT_PKS | KT_STRESS);

/* Maps for one context, ordinary pages and the kernel's own use of an address raise no warning. */
static void local_maps_and_memremap_are_not_warned_about(void)
{
	struct dev_pagemap range = { .pages = 3, .flags = PGMAP_PROTECTION, .owner = "kmap_check" };
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
KTEST(local_maps_and_memremap_are_not_warned_about, KT_PKS);

// SPDX-License-Identifier: MIT
/* Misuses of maps, for tests/selftest/run. Each is made twice and must be reported once. */
#define KTEST_SUITE "selftest"

#include "kernel/console/panic.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_thread.h"
#include "mm/kmap/kmap_warn.h"
#include "mm/kmap/memremap.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"
#include "tests/harness/actor.h"
#include "tests/harness/contexts.h"
#include "tests/harness/expect.h"
#include "tests/harness/fixture.h"

static struct dev_pagemap range = { .pages = 3, .flags = PGMAP_PROTECTION, .owner = "pmem0" };

static struct page *page(u32 i)
{
	BUG_ON(!range.first && memremap_pages(&range));
	return range.first + i;
}

#define STEP __attribute__((noinline)) static void

STEP maps_first(void *arg)
{
	(void)arg;
	kmap_local_page(page(0));
}

STEP maps_second(void *arg)
{
	(void)arg;
	kmap_local_page(page(1));
}

STEP maps_third(void *arg)
{
	(void)arg;
	kmap_local_page_read(page(2));
}

STEP maps_thread(void *arg)
{
	(void)arg;
	kmap_thread(page(0));
}

STEP unmaps_thread(void *arg)
{
	(void)arg;
	kunmap_thread(page(0));
}

STEP unmaps_local(void *arg)
{
	(void)arg;
	kunmap_local(page_to_virt(page(0)));
}

static void unmaps_in_the_wrong_order(void)
{
	for (u32 i = 0; i < 2; i++) {
		maps_first(NULL);
		maps_second(NULL);
		kunmap_local(page_to_virt(page(0)));
		kunmap_local(page_to_virt(page(1)));
	}
	EXPECT_EQ(kmap_stats.order, 2);
	BUG_ON(memunmap_pages(&range));
}
KTEST(unmaps_in_the_wrong_order, KT_SELFTEST | KT_PKS);

static void maps_too_many(void)
{
	for (u32 i = 0; i < LOCAL_MAPS + 2; i++)
		maps_first(NULL);
	for (u32 i = 0; i < LOCAL_MAPS; i++)
		unmaps_local(NULL);
	EXPECT_EQ(kmap_stats.overflow, 2);
	BUG_ON(memunmap_pages(&range));
}
KTEST(maps_too_many, KT_SELFTEST | KT_PKS);

static void unmaps_what_is_not_mapped(void)
{
	struct actor a;

	maps_second(NULL); /* the frame behind: it is no holder of the first */
	unmaps_local(NULL);
	kunmap_local(page_to_virt(page(1)));
	maps_thread(NULL);
	BUG_ON(!actor_start(&a, "another"));
	for (u32 i = 0; i < 2; i++) {
		unmaps_local(NULL);
		kunmap_local(&range);
		actor_do(&a, unmaps_thread, NULL);
	}
	actor_end(&a);
	unmaps_thread(NULL);
	EXPECT_EQ(kmap_stats.not_mapped, 7);
	BUG_ON(memunmap_pages(&range));
}
KTEST(unmaps_what_is_not_mapped, KT_SELFTEST | KT_PKS);

static void leaves_maps_open(void)
{
	for (u32 i = 0; i < 2; i++) {
		run_in(IN_THREAD, maps_first, NULL);
		run_in(IN_INTERRUPT, maps_second, NULL);
		run_in(IN_SOFTIRQ, maps_third, NULL);
		run_in(IN_NMI, maps_thread, NULL);
	}
	EXPECT_EQ(kmap_stats.left_open, 6);
	BUG_ON(memunmap_pages(&range));
}
KTEST(leaves_maps_open, KT_SELFTEST | KT_PKS);

static void takes_an_address_early(void)
{
	page(0);
	kmap_check_set(true);
	for (u32 i = 0; i < 2; i++) {
		kmap(page(0));
		EXPECT(page_address(page(0)) == page_to_virt(page(0)));
		kunmap(page(0));
	}
	EXPECT_EQ(kmap_check_stats.warned, 2);
	BUG_ON(memunmap_pages(&range));
}
KTEST(takes_an_address_early, KT_SELFTEST | KT_PKS);

static void dies_in_a_device_range(void)
{
	*(volatile u64 *)page_to_virt(page(2)) = 1;
}
KTEST(dies_in_a_device_range, KT_SELFTEST | KT_PKS);

/* Nobody has marked the page: the report cannot say who was the last. */
static void is_warned_about_unmarked(void)
{
	policy_set(PKS_MODE_RELAXED, PKS_GATE_ANY);
	*(volatile u64 *)page_to_virt(page(2)) = 1;
	EXPECT_EQ(pks_stats.warnings, 1);
	pks_set_noaccess(PKS_KEY_DEVMAP);
	BUG_ON(memunmap_pages(&range));
}
KTEST(is_warned_about_unmarked, KT_SELFTEST | KT_PKS);

/* All keys are taken but one, and that one is still open by a map. */
static void finds_no_key(void)
{
	struct prot_page p;
	u32 last = 0;
	void *va;

	for (int key = 0; key >= 0; key = pks_key_alloc("selftest"))
		last = (u32)key;
	if (!prot_page_get(&p, last))
		return;
	va = kmap_local_page(p.page);
	prot_page_put(&p);
	EXPECT_EQ(pks_key_free(last), 0);
	EXPECT_EQ(pks_key_alloc("the next"), -ENOSPC);
	kunmap_local(va);
	EXPECT_EQ(pks_key_alloc("the next"), last);
}
KTEST(finds_no_key, KT_SELFTEST | KT_PKS);

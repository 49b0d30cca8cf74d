// SPDX-License-Identifier: MIT
/* A page records the site and thread of its last kmap(), for the report of a fault. */
#define KTEST_SUITE "marks"

#include "kernel/lib/atomic.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap.h"
#include "tests/harness/fixture.h"

__attribute__((noinline)) static void map_here(struct page *page)
{
	kmap(page);
	barrier();
}

__attribute__((noinline)) static void map_there(struct page *page)
{
	barrier();
	kmap(page);
	barrier();
}

static bool site_is_in(const struct page *page, void (*fn)(struct page *))
{
	return (KERNEL_BASE | page->kmap_site) - (u64)fn < 64;
}

static void map_elsewhere(void *arg)
{
	kmap(((struct prot_page *)arg)->page);
}

static void the_last_kmap_site_is_recorded(void)
{
	struct prot_page p;

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!prot_page_get(&p, PKS_KEY_DEVMAP))
		return;
	map_here(p.page);
	EXPECT(site_is_in(p.page, map_here));
	map_there(p.page);
	EXPECT(site_is_in(p.page, map_there));
	EXPECT_EQ(p.page->kmap_thread, current_thread()->id + 1);
	run_in(IN_THREAD, map_elsewhere, &p);
	EXPECT(p.page->kmap_thread > current_thread()->id + 1); /* a newer thread */
	kunmap(p.page);
	kunmap(p.page);
	map_there(p.page);
	kunmap(p.page);
	kunmap(p.page);
	EXPECT(site_is_in(p.page, map_there));
	prot_page_put(&p);
}
KTEST(the_last_kmap_site_is_recorded, KT_PKS);

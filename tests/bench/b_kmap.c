// SPDX-License-Identifier: MIT
/* The cost of a local map of a page with a key, and of one without. */
#include "kernel/cpu/insn.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap_local.h"
#include "mm/page_alloc.h"
#include "tests/bench/bench.h"

static u64 map_and_unmap(struct page *page, u64 *writes)
{
	u64 before = bench_writes(), start = rdtsc(), ticks;

	kunmap_local(kmap_local_page(page));
	ticks = rdtsc() - start;
	*writes += bench_writes() - before;
	return ticks;
}

/* Two pages, the first with a key; NULL: failed. They are never freed: benches run last. */
static struct page *pages(void)
{
	static struct page *pages;

	if (!pages)
		pages = page_alloc(1);
	if (pages && !pages->pkey && devmap_protect(pages, 1, PKS_KEY_DEVMAP))
		return NULL;
	return pages;
}

static u64 kmap_local_protected_page(u64 *writes)
{
	return pages() ? map_and_unmap(pages(), writes) : 0;
}
BENCH(kmap_local_protected_page, true);

static u64 kmap_local_ordinary_page(u64 *writes)
{
	return pages() ? map_and_unmap(pages() + 1, writes) : 0;
}
BENCH(kmap_local_ordinary_page, true);

// SPDX-License-Identifier: MIT
/*
 * The cost of a local map of a page with a key, and of one without, also inside the map of another
 * page; and of the kunmap() of a page without a key, with marks in the hash.
 */
#include "kernel/cpu/insn.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "mm/page_alloc.h"
#include "pks/policy/marks.h"
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

static u64 kmap_local_ordinary_inside(u64 *writes)
{
	u64 ticks;

	if (!pages())
		return 0;
	kmap_local_page(pages());
	ticks = map_and_unmap(pages() + 1, writes);
	kunmap_local(page_to_virt(pages()));
	return ticks;
}
BENCH(kmap_local_ordinary_inside, true);

static u64 kmap_local_ordinary_page(u64 *writes)
{
	return pages() ? map_and_unmap(pages() + 1, writes) : 0;
}
BENCH(kmap_local_ordinary_page, true);

/* Marks 1,024 frames, one after the other: what was marked once must not make a search longer. */
static bool hash_used(void)
{
	static struct page *block;

	if (block)
		return true;
	block = page_alloc(10);
	if (!block || devmap_protect(block, 1024, PKS_KEY_DEVMAP))
		return false;
	for (u32 i = 0; i < 1024; i++) {
		kmap(block + i);
		kunmap(block + i);
	}
	return true;
}

static u64 kunmap_hash_ordinary_page(u64 *writes)
{
	enum pks_marks was = options.marks;
	u64 start, ticks = 0;

	(void)writes;
	pks_marks_set(PKS_MARKS_HASH);
	if (pages() && hash_used()) {
		start = rdtsc();
		kunmap(pages() + 1);
		ticks = rdtsc() - start;
	}
	pks_marks_set(was);
	return ticks;
}
BENCH(kunmap_hash_ordinary_page, true);

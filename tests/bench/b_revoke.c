// SPDX-License-Identifier: MIT
/*
 * The cost of taking away write access to a page: from oneself by the rights register, from
 * everybody by the page's key, which needs a flush of every CPU's TLB. Compare the two within one
 * run and over numbers of CPUs (docs/EXPERIMENTS.md has the table).
 */
#include "kernel/cpu/insn.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/set_memory.h"
#include "pks/rights.h"
#include "tests/bench/bench.h"

static u64 revoke_for_oneself(u64 *writes)
{
	struct pks_token token = pks_grant(PKS_KEY_DEVMAP, PKS_WRITE);
	u64 before = bench_writes(), start = rdtsc(), ticks;

	pks_revoke(token);
	ticks = rdtsc() - start;
	*writes += bench_writes() - before;
	return ticks;
}
BENCH(revoke_for_oneself, true);

/*
 * Never freed, so its large page is split once and not merged. NULL: too little memory; the bench
 * would measure splits.
 */
static struct page *page_beside_another_key(void)
{
	struct page *pair = page_alloc(1);

	if (!pair || !set_memory_pkey((u64)page_address(pair + 1), 1, PKS_KEY_RO))
		return pair;
	page_free(pair, 1);
	return NULL;
}

static u64 revoke_for_everybody(u64 *writes)
{
	static struct page *page;
	u64 va, start, ticks;

	(void)writes;
	if (!page)
		page = page_beside_another_key();
	if (!page)
		return 0;
	va = (u64)page_address(page);
	start = rdtsc();
	set_memory_pkey(va, 1, PKS_KEY_DEVMAP);
	ticks = rdtsc() - start;
	set_memory_pkey(va, 1, PKS_KEY_DEFAULT);
	return ticks;
}
BENCH(revoke_for_everybody, true);

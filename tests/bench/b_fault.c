// SPDX-License-Identifier: MIT
/* The cost of a pardoned fault, from the store that faults until that store has completed. */
#include "kernel/cpu/insn.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "pks/policy/fault.h"
#include "pks/policy/global.h"
#include "pks/rights.h"
#include "tests/bench/bench.h"

static u64 one_pardon(enum pks_mode mode, enum pks_scope scope, u64 *writes)
{
	static struct page *page; /* stays mapped: benches run last */
	struct pks_policy policy = pks_policy_get();
	u64 before, start, ticks;

	if (!page) {
		page = page_alloc(0);
		if (!page || devmap_protect(page, 1, PKS_KEY_DEVMAP))
			return 0;
		kmap(page);
	}
	pks_policy_set((struct pks_policy){ mode, policy.gate, scope });
	before = bench_writes();
	start = rdtsc();
	*(volatile u64 *)page_address(page) = 1;
	ticks = rdtsc() - start;
	*writes += bench_writes() - before;
	pks_set_noaccess(PKS_KEY_DEVMAP);
	pks_policy_set(policy);
	pks_global_recall(); /* a policy that was in force already has recalled nothing */
	return ticks;
}

static u64 fault_pardoned_silent(u64 *writes)
{
	return one_pardon(PKS_MODE_SILENT, PKS_SCOPE_CONTEXT, writes);
}
BENCH(fault_pardoned_silent, true);

/* The warning came with the first fault of this call site; this measures later faults. */
static u64 fault_pardoned_relaxed(u64 *writes)
{
	return one_pardon(PKS_MODE_RELAXED, PKS_SCOPE_CONTEXT, writes);
}
BENCH(fault_pardoned_relaxed, true);

/* The fault, the store, and the #DB that takes the right back. */
static u64 fault_pardoned_instruction(u64 *writes)
{
	return one_pardon(PKS_MODE_SILENT, PKS_SCOPE_INSTRUCTION, writes);
}
BENCH(fault_pardoned_instruction, true);

/* A CPU's first fault; it takes no other until the key is closed or the rights are written. */
static u64 fault_pardoned_global(u64 *writes)
{
	return one_pardon(PKS_MODE_SILENT, PKS_SCOPE_GLOBAL, writes);
}
BENCH(fault_pardoned_global, true);

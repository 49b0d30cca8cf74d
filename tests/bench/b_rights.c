// SPDX-License-Identifier: MIT
/* The cost of a grant and its revoke, and of a revoke that changes nothing. */
#include "kernel/cpu/insn.h"
#include "pks/rights.h"
#include "tests/bench/bench.h"

static u64 rights_grant_revoke(u64 *writes)
{
	u64 before = bench_writes(), start = rdtsc(), ticks;

	pks_revoke(pks_grant(PKS_KEY_DEVMAP, PKS_WRITE));
	ticks = rdtsc() - start;
	*writes += bench_writes() - before;
	return ticks;
}
BENCH(rights_grant_revoke, true);

static u64 rights_redundant_revoke(u64 *writes)
{
	struct pks_token token = { pkrs_mask(PKS_KEY_DEVMAP), pkrs_mask(PKS_KEY_DEVMAP) };
	u64 before = bench_writes(), start = rdtsc(), ticks;

	pks_revoke(token);
	ticks = rdtsc() - start;
	*writes += bench_writes() - before;
	return ticks;
}
BENCH(rights_redundant_revoke, true);

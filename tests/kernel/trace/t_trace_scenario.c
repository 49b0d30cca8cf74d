// SPDX-License-Identifier: MIT
/*
 * Dumps a small scenario of known exposure for tools/trace; tests/system/trace/test_dump.py checks
 * the result. Runs with trace=on only.
 */
#define KTEST_SUITE "trace"

#include "kernel/cpu/insn.h"
#include "kernel/cpu/trace.h"
#include "kernel/trace/trace_dump.h"
#include "kernel/trace/trace_scenario.h"
#include "mm/kmap/kmap.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"

/* Spends `ticks` of the TSC. */
static void spend(u64 ticks)
{
	for (u64 until = rdtsc() + ticks; rdtsc() < until;)
		cpu_relax();
}

static void nothing(void *arg)
{
	(void)arg;
}

static void be_pardoned(void *arg)
{
	EXPECT_NO_FAULT(policy_write(((struct prot_page *)arg)->va), "a pardon");
}

#define SCENARIO_SPAN 200000

/*
 * The page is open for three spans, in two of them with a declared use; then a softirq is pardoned
 * without one.
 */
static void act(struct prot_page *p)
{
	u64 pfn = page_to_pfn(p->page);
	struct pks_token token = pks_grant(PKS_KEY_DEVMAP, PKS_WRITE);

	spend(SCENARIO_SPAN);
	trace_use_begin(pfn, PKS_KEY_DEVMAP, true);
	spend(2 * SCENARIO_SPAN);
	trace_use_end(pfn, PKS_KEY_DEVMAP, true);
	run_in(IN_NMI, nothing, NULL);
	run_in(IN_INTERRUPT, nothing, NULL);
	pks_revoke(token);
	spend(SCENARIO_SPAN);
	kmap(p->page);
	run_in(IN_SOFTIRQ, be_pardoned, p);
	kunmap(p->page);
}

static void a_scenario_is_dumped(void)
{
	static const struct trace_scenario scenario = {
		.id = 0,
		.name = "demonstration",
		.policy = { PKS_MODE_SILENT, PKS_GATE_KMAPPED, PKS_SCOPE_CONTEXT },
		.key = PKS_KEY_DEVMAP,
		.pages = 1,
	};
	struct prot_page p;

	if (!options.trace) {
		ktest_skip("needs trace=on");
		return;
	}
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	trace_clear();
	if (!prot_page_get(&p, PKS_KEY_DEVMAP))
		return;
	trace_scenario_begin(&scenario);
	act(&p);
	trace_scenario_end(&scenario);
	EXPECT(prot_page_peek(&p) != 0);
	prot_page_put(&p);
	trace_dump();
}
KTEST(a_scenario_is_dumped, KT_PKS | KT_ONE_CPU);

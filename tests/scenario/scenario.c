// SPDX-License-Identifier: MIT
/* Runs scenarios and compares the outcome of each use with the rule. */
#include "tests/scenario/scenario.h"
#include "kernel/backtrace.h"
#include "kernel/cpu/trace.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/ksyms.h"
#include "kernel/lib/option_words.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap_check.h"
#include "mm/kmap/memremap.h"
#include "mm/stack.h"
#include "pks/policy/fault.h"
#include "pks/policy/marks.h"
#include "tests/harness/expect.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"
#include "tests/scenario/report.h"

#define WORK_AROUND 40 /* instructions, about, before an access and after it */

/* The running scenario, one at a time. Its contexts write the fields of their own uses. */
static struct {
	const struct scenario *scenario;
	struct pks_policy policy;
	struct dev_pagemap map;
	u32 made;         /* uses, a bit each; atomic */
	u32 late, mapped; /* pages, a bit each: a use faulted; page was kmapped. Atomic */
	struct use_seen seen[SCENARIO_USES];
} run;

struct page *scenario_page(u32 i)
{
	return run.map.first + i;
}

__attribute__((noinline)) void work_on(u32 instructions)
{
	for (u32 i = 0; i < instructions / 2; i++)
		asm volatile("");
}

static bool lies_in(u64 addr, const void *fn)
{
	u64 offset, size;
	const char *name;

	return ksym_lookup(addr, &name, &offset, &size) && addr - offset == (u64)fn;
}

/* Whether a backtrace from here would show `fn` among the callers. */
static bool backtrace_names(const void *fn)
{
	const u64 *frame = __builtin_frame_address(0);

	while (!((u64)frame & 7) && stack_contains((u64)frame, 16)) {
		const u64 *caller = (const u64 *)frame[0];

		if (lies_in(frame[1], fn))
			return true;
		if (caller <= frame)
			break;
		frame = caller;
	}
	return false;
}

static struct fault access(const struct use *use, void *at)
{
	u64 value;

	return use->access == PKS_WRITE ? touch_write(at, 1) : touch_read(at, &value);
}

static enum outcome outcome_of(struct fault fault, const struct pks_stats *before)
{
	if (fault.vector != FAULT_NONE)
		return OUTCOME_DIES;
	return pks_stats.pardons != before->pardons ? OUTCOME_PARDONED : OUTCOME_FREE;
}

/* noinline, so that the driver's function is the next in a backtrace. */
__attribute__((noinline)) void use(u32 n, void *at)
{
	const struct use *use = &run.scenario->uses[n];
	const struct page *page = virt_to_page(at);
	struct pks_stats before = pks_stats;
	struct use_seen *seen = &run.seen[n];
	bool intended = use_is_intended(use);
	struct fault fault;

	if (atomic_fetch_or(1u << n, &run.made) & 1u << n)
		ktest_error("%s makes use %u twice", run.scenario->name, n);
	work_on(WORK_AROUND);
	if (intended)
		trace_use_begin(page_to_pfn(page), page->pkey, use->access == PKS_WRITE);
	fault = access(use, at);
	if (intended)
		trace_use_end(page_to_pfn(page), page->pkey, use->access == PKS_WRITE);
	work_on(WORK_AROUND);
	seen->outcome = outcome_of(fault, &before);
	if (seen->outcome != OUTCOME_FREE)
		atomic_or(1u << (page - run.map.first), &run.late);
	if (use->mapper) {
		seen->backtrace = backtrace_names(use->mapper);
		seen->site = lies_in(KERNEL_BASE | page->kmap_site, use->mapper);
	}
}

static int run_thread(void *arg)
{
	((const struct scenario *)arg)->run();
	return 0;
}

static void check_use(u32 n)
{
	const struct scenario *s = run.scenario;
	enum outcome want = use_rule(run.policy, s->uses, n), got = run.seen[n].outcome;
	bool ok = got == want || (want == OUTCOME_PASSES && got != OUTCOME_DIES);

	if (!(run.made & 1u << n)) {
		ktest_error("%s did not make use %u", s->name, n);
		return;
	}
	ktest_checked();
	if (!ok)
		ktest_fail(__FILE__, __LINE__,
			   "%s, use %u (%s), pks=%s gate=%s pardon=%s: expected %s, got %s",
			   s->name, n, s->uses[n].what, pks_mode_name(run.policy.mode),
			   pks_gate_name(run.policy.gate), pks_scope_name(run.policy.scope),
			   outcome_names[want], outcome_names[got]);
}

static bool pages_get(void)
{
	run.map = (struct dev_pagemap){
		.pages = SCENARIO_PAGES,
		.flags = PGMAP_PROTECTION,
		.owner = run.scenario->name,
	};
	return EXPECT_EQ(memremap_pages(&run.map), 0);
}

static void pages_put(void)
{
	for (u32 i = 0; i < SCENARIO_PAGES; i++) {
		EXPECT_EQ(page_marks(scenario_page(i)), 0);
		if (scenario_page(i)->kmap_site)
			run.mapped |= 1u << i;
		scenario_page(i)->kmap_site = 0;
	}
	EXPECT_EQ(memunmap_pages(&run.map), 0);
}

/* Runs a scenario under one policy and checks the outcome of each use. Thread context. */
static void scenario_check(const struct scenario *s, struct pks_policy policy)
{
	struct thread *t;

	run.scenario = s;
	run.policy = policy;
	run.made = run.late = run.mapped = 0;
	memset(run.seen, 0, sizeof(run.seen));
	if (!pages_get())
		return;
	EXPECT_EQ(pks_policy_set(policy), 0);
	report_begin(s, policy);
	t = thread_create("driver", run_thread, (void *)s);
	if (EXPECT(t))
		EXPECT(!thread_join(t).died);
	report_end(s, policy, run.seen);
	for (u32 n = 0; n < s->use_count; n++)
		check_use(n);
	pages_put();
}

void scenario_check_all(const struct scenario *s)
{
	report_all_begin();
	for (enum pks_mode mode = 0; mode < PKS_MODES; mode++)
		for (enum pks_gate gate = 0; gate < PKS_GATES; gate++)
			for (enum pks_scope scope = 0; scope < PKS_SCOPES; scope++)
				scenario_check(s, (struct pks_policy){ mode, gate, scope });
	report_all_end();
}

/* The kmap check's counts since `before`, pages kmapped, and those that faulted later. */
static struct kmap_check_seen kmap_check_result(const struct kmap_check_stats *before)
{
	struct kmap_check_seen seen = {
		.kmap = kmap_check_stats.kmap - before->kmap,
		.page_address = kmap_check_stats.page_address - before->page_address,
	};

	for (u32 i = 0; i < SCENARIO_PAGES; i++) {
		seen.mapped += run.mapped & BIT(i) ? 1 : 0;
		seen.late += run.mapped & run.late & BIT(i) ? 1 : 0;
	}
	return seen;
}

void scenario_kmap_check(const struct scenario *s)
{
	struct kmap_check_stats before = kmap_check_stats;
	struct kmap_check_seen seen;

	kmap_check_set(true);
	scenario_check(s,
		       (struct pks_policy){ PKS_MODE_SILENT, PKS_GATE_KMAPPED, PKS_SCOPE_CONTEXT });
	kmap_check_set(false);
	seen = kmap_check_result(&before);
	EXPECT(seen.kmap >= seen.mapped); /* the check saw every kmap() */
	EXPECT(seen.late <= seen.mapped);
	report_kmap_check(s, &seen);
}

#define SCENARIO_ADDRESS(id) &scenario_##id,
const struct scenario *const scenarios[SCENARIO_COUNT] = { SCENARIOS(SCENARIO_ADDRESS) };

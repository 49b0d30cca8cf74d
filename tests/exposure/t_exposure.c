// SPDX-License-Identifier: MIT
/*
 * How much of a protected range a stray write would hit, by the size of the range: in contexts that
 * use marked pages of it and in contexts that do not, before kmap(), after it, after the first
 * accesses, and after kunmap(). Few pages are marked. The rule below says it without the kernel's
 * tables. With extent=full the suite prints its counts, of which tools/experiments makes tables.
 * What this cannot know: for how long contexts run at each of these moments.
 */
#define KTEST_SUITE "exposure"

#include "kernel/console/console.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/option_words.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/memremap.h"
#include "pks/policy/fault.h"
#include "pks/policy/judge.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"

#define MARKS   2
#define TOUCHES 2 /* of one page by one context, one after the other */

enum moment { BEFORE, MAPPED, TOUCHED, AFTER, MOMENTS };
static const char *const moment_names[MOMENTS] = { "before", "mapped", "touched", "after" };

struct events {
	u64 faults, pardons, steps, lent, ipis;
	u64 invlpgs; /* and flushes of a whole TLB */
};

/* The running trial. Its threads add to `hits`, by atomics; the first member writes the rest. */
static struct trial {
	struct pks_policy policy;
	bool all; /* each CPU's member uses a marked page; else the first one alone */
	struct dev_pagemap map;
	u64 hits[MOMENTS]; /* pages that a stray write would hit, summed over contexts */
	struct events events, before;
	u64 ticks; /* of kmap(), accesses and kunmap(), with one CPU */
} now;

/* Marked pages: the last one, and one in the middle. The first one is never marked. */
static struct page *marked_page_of(u32 n)
{
	return now.map.first + (n % MARKS ? now.map.pages / 2 : now.map.pages - 1);
}

static struct events events_now(void)
{
	struct events e = {
		pks_stats.faults, pks_stats.pardons, pks_stats.steps, pks_stats.global_lent, 0, 0
	};

	for (u32 i = 0; i < cpu_count; i++) {
		e.ipis += cpus[i]->ipis;
		e.invlpgs += cpus[i]->invlpgs + cpus[i]->flushes;
	}
	return e;
}

/* What happens between the two is counted, and nothing else. Begin and end in one thread. */
static void events_begin(void)
{
	now.before = events_now();
	now.ticks -= rdtsc();
}

static void events_end(void)
{
	struct events e = events_now();

	now.ticks += rdtsc();
	now.events.faults += e.faults - now.before.faults;
	now.events.pardons += e.pardons - now.before.pardons;
	now.events.steps += e.steps - now.before.steps;
	now.events.lent += e.lent - now.before.lent;
	now.events.ipis += e.ipis - now.before.ipis;
	now.events.invlpgs += e.invlpgs - now.before.invlpgs;
}

/* The pages that a write by the running context would hit: by its rights, or by a pardon. */
static u64 hits_here(void)
{
	u64 n = 0;

	if (now.policy.mode == PKS_MODE_OFF ||
	    pkrs_permits(pkrs_register(), PKS_KEY_DEVMAP, PKS_WRITE))
		return now.map.pages;
	for (u64 i = 0; i < now.map.pages; i++)
		n += pks_judge(now.policy, rights_mirror(), (u64)page_to_virt(now.map.first + i),
			       PF_P | PF_W | PF_PK)
			     .verdict != PKS_DIE;
	return n;
}

/*
 * The rule. A context that was pardoned has the key, so all pages, until it ends; any other context
 * can be pardoned on marked pages while they are marked, on all with gate=any, and with a key that
 * is open to all on all its pages.
 */
static u64 hits_rule(enum moment m, bool pardoned)
{
	bool marked = m == MAPPED || m == TOUCHED;

	if (now.policy.mode == PKS_MODE_STRICT)
		return 0;
	if (now.policy.mode == PKS_MODE_OFF || now.policy.gate == PKS_GATE_ANY)
		return now.map.pages;
	if (now.policy.scope == PKS_SCOPE_CONTEXT && pardoned)
		return now.map.pages;
	if (now.policy.scope == PKS_SCOPE_GLOBAL)
		return marked ? now.map.pages : 0;
	return marked ? MARKS : 0;
}

static void expect_hits(enum moment m, bool pardoned)
{
	u64 got = hits_here(), want = hits_rule(m, pardoned);

	atomic_add(got, &now.hits[m]);
	ktest_checked();
	if (got == want)
		return;
	ktest_fail(
		__FILE__, __LINE__,
		"%lu pages, pks=%s gate=%s pardon=%s, %s, %s: a stray write would hit %lu pages, "
		"expected %lu",
		now.map.pages, pks_mode_name(now.policy.mode), pks_gate_name(now.policy.gate),
		pks_scope_name(now.policy.scope), moment_names[m],
		pardoned ? "a user of a page" : "another context", got, want);
}

/* A stray write to the page must pass or die as the rule says. */
static void stray(const struct page *page, bool passes)
{
	struct fault f = policy_write(page_to_virt(page));

	EXPECT_EQ(f.vector == FAULT_NONE, passes);
}

/* A context that has used nothing. Strays last, as a pardon adds to what they hit. */
static int other_context(void *arg)
{
	enum moment m = *(enum moment *)arg;
	u64 hits = hits_rule(m, false);

	expect_hits(m, false);
	if (m == MAPPED)
		return 0; /* a key lent here would be open to the users */
	stray(now.map.first, hits == now.map.pages);
	stray(marked_page_of(0), hits != 0);
	return 0;
}

static void look(enum moment m, bool user)
{
	struct thread *t;

	expect_hits(m, user && m >= TOUCHED);
	t = thread_create("other", other_context, &m);
	if (EXPECT(t))
		EXPECT(!thread_join(t).died);
	percpu_meet();
}

/* No interrupt comes in between, which would take a lent key back. */
static void touch(u32 member)
{
	u64 flags = irq_save();

	for (u32 i = 0; i < TOUCHES; i++) {
		struct fault f = policy_write(page_to_virt(marked_page_of(member)));

		EXPECT_EQ(f.vector == FAULT_NONE, now.policy.mode != PKS_MODE_STRICT);
	}
	irq_restore(flags);
}

static void mark_all(bool mark)
{
	events_begin();
	for (u32 i = 0; i < MARKS; i++) {
		if (mark)
			kmap(marked_page_of(i));
		else
			kunmap(marked_page_of(i));
	}
	events_end();
}

static void act(u32 member, void *arg)
{
	bool first = member == 0, user = first || now.all;

	(void)arg;
	look(BEFORE, user);
	if (first)
		mark_all(true);
	percpu_meet();
	look(MAPPED, user);
	if (first)
		events_begin();
	percpu_meet();
	if (user)
		touch(member);
	percpu_meet();
	if (first)
		events_end();
	percpu_meet();
	look(TOUCHED, user);
	if (first)
		mark_all(false);
	percpu_meet();
	look(AFTER, user);
}

/* One fault pardons a user, or one for each access; only a global key costs other CPUs anything. */
static void check_events(void)
{
	u64 users = now.all ? cpu_count : 1, silent = now.policy.mode == PKS_MODE_SILENT;
	bool step = now.policy.scope == PKS_SCOPE_INSTRUCTION;
	bool global = silent && now.policy.scope == PKS_SCOPE_GLOBAL;

	if (now.policy.mode == PKS_MODE_OFF)
		EXPECT_EQ(now.events.faults, 0);
	else
		EXPECT_EQ(now.events.faults, users * (silent && !step ? 1 : TOUCHES));
	EXPECT_EQ(now.events.pardons, silent ? now.events.faults : 0);
	EXPECT_EQ(now.events.steps, silent && step ? now.events.faults : 0);
	EXPECT_EQ(now.events.lent, global ? users : 0);
	EXPECT_EQ(now.events.invlpgs, 0);
	EXPECT(now.events.ipis >= (global ? cpu_count - 1 : 0));
	if (cpu_count == 1)
		EXPECT_EQ(now.events.ipis, 0);
}

static void print(void)
{
	const struct events *e = &now.events;

	if (options.extent != EXTENT_FULL)
		return;
	pr("# hits pages %lu cpus %u users %u pks=%s gate=%s pardon=%s moments %lu %lu %lu %lu ",
	   now.map.pages, cpu_count, now.all ? cpu_count : 1, pks_mode_name(now.policy.mode),
	   pks_gate_name(now.policy.gate), pks_scope_name(now.policy.scope), now.hits[BEFORE],
	   now.hits[MAPPED], now.hits[TOUCHED], now.hits[AFTER]);
	pr("faults %lu steps %lu lent %lu ipis %lu invlpgs %lu ticks %lu\n", e->faults, e->steps,
	   e->lent, e->ipis, e->invlpgs, now.ticks);
}

/* False: too little memory for such a range. */
static bool try_policy(struct pks_policy policy, u64 pages, bool all)
{
	int err;

	now = (struct trial){
		.policy = policy,
		.all = all,
		.map = { .pages = pages, .flags = PGMAP_PROTECTION, .owner = "exposure" },
	};
	EXPECT_EQ(pks_policy_set(policy), 0); /* first: the new keys flush what mode OFF let in */
	err = memremap_pages(&now.map);
	if (err == -ENOMEM)
		return false;
	if (!EXPECT_EQ(err, 0))
		return true;
	percpu_run(act, NULL);
	check_events();
	print();
	EXPECT_EQ(memunmap_pages(&now.map), 0);
	return true;
}

static bool try_policies(u64 pages, bool all)
{
	static const struct pks_policy off = { PKS_MODE_OFF, PKS_GATE_KMAPPED, PKS_SCOPE_CONTEXT };
	static const struct pks_policy strict = { .mode = PKS_MODE_STRICT };
	bool fits = try_policy(strict, pages, all);

	for (enum pks_gate gate = 0; fits && gate < PKS_GATES; gate++)
		for (enum pks_scope scope = 0; fits && scope < PKS_SCOPES; scope++)
			fits = try_policy((struct pks_policy){ PKS_MODE_SILENT, gate, scope },
					  pages, all);
	return fits && try_policy(off, pages, all);
}

static void a_stray_write_hits_what_the_rule_says(void)
{
	static const u64 sizes[] = { 4, 64, 1024, 16384 };
	u32 brief = options.extent == EXTENT_BRIEF ? 2 : ARRAY_SIZE(sizes);

	for (u32 i = 0; i < brief; i++)
		for (u32 all = 0; all < (cpu_count > 1 ? 2 : 1); all++)
			SKIP_IF(!try_policies(sizes[i], all),
				"too little memory in one piece for a range of 64 MiB");
}
KTEST(a_stray_write_hits_what_the_rule_says, KT_PKS);

// SPDX-License-Identifier: MIT
/*
 * What it costs to hide pages of the direct map, and to show them again: by unmapping them, by a
 * key that nobody has open, and by a right to a key that they have already. Checks who is kept out,
 * and the events against what each way is said to need. With extent=full it prints the figures, of
 * which tools/arms makes a table: instructions where a TSC tick is one. What this cannot know: how
 * long silicon takes for a WRMSR, an INVLPG or an IPI.
 */
#define KTEST_SUITE "arms"

#include "kernel/console/console.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "kernel/ipi.h"
#include "kernel/lib/config.h"
#include "mm/direct_map.h"
#include "mm/page_alloc.h"
#include "mm/set_memory.h"
#include "mm/split.h"
#include "mm/tlb.h"
#include "pks/keys.h"
#include "pks/rights.h"
#include "tests/harness/events.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"

#define ORDER 11 /* of the block whose pages are hidden */
#define FIRST 3  /* the first of them: no large page is hidden as a whole, but its neighbours */
#define MOST  512UL

/* `calls` pieces of `pages` pages, a piece every `step` pages: what one operation hides. */
struct pieces {
	const char *layout;
	struct page *first;
	u64 calls, pages, step;
};

static u32 hiding_key;

static u64 va_of(const struct pieces *p, u64 i)
{
	return (u64)page_to_virt(p->first + i * p->step);
}

static void unmap(const struct pieces *p)
{
	for (u64 i = 0; i < p->calls; i++) {
		EXPECT_EQ(set_direct_map_invalid_noflush(p->first + i * p->step, p->pages), 0);
		tlb_shootdown(va_of(p, i), p->pages);
	}
}

static void map(const struct pieces *p)
{
	for (u64 i = 0; i < p->calls; i++)
		EXPECT_EQ(set_direct_map_default_noflush(p->first + i * p->step, p->pages), 0);
}

static void set_keys(const struct pieces *p, u32 key)
{
	for (u64 i = 0; i < p->calls; i++)
		EXPECT_EQ(set_memory_pkey(va_of(p, i), p->pages, key), 0);
}

static void key(const struct pieces *p)
{
	set_keys(p, hiding_key);
}

static void unkey(const struct pieces *p)
{
	set_keys(p, PKS_KEY_DEFAULT);
}

static void close_rights(const struct pieces *p)
{
	(void)p;
	pks_set_noaccess(hiding_key);
}

static void open_rights(const struct pieces *p)
{
	(void)p;
	pks_set_readwrite(hiding_key);
}

static void nothing(const struct pieces *p)
{
	(void)p;
}

enum { WAY_NONE, WAY_UNMAP, WAY_KEY, WAY_RIGHTS, WAYS };

/* `enter` and `leave` come before the first hiding, and after the last showing. */
static const struct way {
	const char *name;
	void (*enter)(const struct pieces *p);
	void (*hide)(const struct pieces *p);
	void (*show)(const struct pieces *p);
	void (*leave)(const struct pieces *p);
	u64 error; /* of an access to a hidden page */
} ways[WAYS] = {
	[WAY_NONE] = { "none", nothing, nothing, nothing, nothing, 0 },
	[WAY_UNMAP] = { "unmap", nothing, unmap, map, nothing, PF_W },
	[WAY_KEY] = { "key", nothing, key, unkey, nothing, PF_P | PF_W | PF_PK },
	[WAY_RIGHTS] = { "rights", key, close_rights, open_rights, unkey, PF_P | PF_W | PF_PK },
};

/* With one CPU no interrupt comes in between; with more, other CPUs are to be interrupted. */
static struct events measure(void (*op)(const struct pieces *p), const struct pieces *p)
{
	bool quiet = cpu_count == 1;
	u64 flags = quiet ? irq_save() : 0;
	struct events e = events_now();

	op(p);
	e = events_since(e);
	if (quiet)
		irq_restore(flags);
	return e;
}

/* The events that a way needs. What is not present is in no TLB, so mapping flushes nothing. */
static struct events expected(u32 way, const struct pieces *p, bool hides)
{
	bool flushes = way == WAY_KEY || (way == WAY_UNMAP && hides),
	     all = p->pages > TLB_FLUSH_ALL;

	return (struct events){
		.pkrs_writes = way == WAY_RIGHTS,
		.ipis = flushes ? p->calls * (cpu_count - 1) : 0,
		.invlpgs = flushes && !all ? p->calls * p->pages * cpu_count : 0,
		.flushes = flushes && all ? p->calls * cpu_count : 0,
	};
}

static void check(u32 way, const struct pieces *p, bool hides)
{
	struct events want = expected(way, p, hides);
	u64 splits = pgtable_splits();
	struct events got = measure(hides ? ways[way].hide : ways[way].show, p);

	splits = pgtable_splits() - splits;
	EXPECT_EQ(got.invlpgs, want.invlpgs);
	EXPECT_EQ(got.flushes, want.flushes);
	EXPECT_EQ(got.ipis, want.ipis);
	if (CONFIG_PARANOID && cpu_count == 1)
		EXPECT_EQ(got.pkrs_writes, want.pkrs_writes);
	if (options.extent != EXTENT_FULL)
		return;
	pr("# hide %s %s %s %lu cpus %u ticks %lu pkrs %lu invlpgs %lu flushes %lu ipis %lu splits "
	   "%ld\n",
	   hides ? "hide" : "show", ways[way].name, p->layout, p->calls * p->pages, cpu_count,
	   got.ticks, want.pkrs_writes, got.invlpgs, got.flushes, got.ipis, (s64)splits);
}

/* Writes each page once; counts those that fault with `error` (FAULT_NONE: those that do not). */
static u64 writes(const struct pieces *p, u64 error)
{
	u64 n = 0;

	for (u64 i = 0; i < p->calls * p->pages; i++) {
		u64 at = i / p->pages * p->step + i % p->pages;
		struct fault f = probe_write(page_to_virt(p->first + at), i);

		n += error == FAULT_NONE ? f.vector == FAULT_NONE
					 : f.vector == X86_PF && f.error == error;
	}
	return n;
}

struct stray {
	const struct pieces *p;
	u64 error, found;
};

static void stray(void *arg)
{
	struct stray *s = arg;

	s->found = writes(s->p, s->error);
}

/* How many pages another CPU finds as `error` says. */
static u64 writes_elsewhere(const struct pieces *p, u64 error)
{
	struct stray s = { p, error, 0 };

	ipi_run_on(cpus[cpu_count - 1], stray, &s);
	return s.found;
}

/* The first round splits what must be split, and the second is the one that counts. */
static void check_way(u32 id, const struct pieces *p)
{
	const struct way *way = &ways[id];
	u64 n = p->calls * p->pages, elsewhere = id == WAY_RIGHTS ? way->error : FAULT_NONE;

	way->enter(p);
	way->hide(p);
	way->show(p);
	EXPECT_EQ(writes(p, FAULT_NONE), n);
	if (cpu_count > 1)
		EXPECT_EQ(writes_elsewhere(p, elsewhere), n);
	check(id, p, true);
	EXPECT_EQ(writes(p, way->error ? way->error : FAULT_NONE), n);
	if (cpu_count > 1)
		EXPECT_EQ(writes_elsewhere(p, way->error ? way->error : FAULT_NONE), n);
	check(id, p, false);
	EXPECT_EQ(writes(p, FAULT_NONE), n);
	if (cpu_count > 1)
		EXPECT_EQ(writes_elsewhere(p, elsewhere), n);
	close_rights(p);
	way->leave(p);
}

static const u64 counts[] = { 1, 16, MOST };

static void check_all(void *arg)
{
	struct page *first = (struct page *)arg + FIRST;

	for (u32 id = 0; id < WAYS; id++) {
		for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
			struct pieces together = { "contiguous", first, 1, counts[i], counts[i] };
			struct pieces apart = { "scattered", first, counts[i], 1, 3 };

			check_way(id, &together);
			if (counts[i] > 1 && (counts[i] < MOST || options.extent == EXTENT_FULL))
				check_way(id, &apart);
		}
	}
}

static void hiding_costs_what_its_way_needs(void)
{
	struct page *block = window_page(ORDER);
	int given = pks_key_alloc("hidden pages");

	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	if (EXPECT(block && given > 0)) {
		hiding_key = (u32)given;
		percpu_run_on(this_cpu(), check_all, block);
	}
	if (given > 0)
		EXPECT_EQ(pks_key_free((u32)given), 0);
	if (block)
		page_free(block, ORDER);
}
KTEST(hiding_costs_what_its_way_needs, KT_PKS | KT_RAM);

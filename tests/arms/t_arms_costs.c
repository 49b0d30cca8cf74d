// SPDX-License-Identifier: MIT
/*
 * What each way to keep stray writes from a range costs: one writer opens a window for each access,
 * one opens it for many. Checks the events against what the arm is said to need. With extent=full
 * it prints the figures, of which tools/arms makes tables: instructions where a TSC tick is one.
 * What this cannot know: how long silicon takes for a WRMSR, an INVLPG or an IPI.
 */
#define KTEST_SUITE "arms"

#include "kernel/console/console.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "kernel/lib/config.h"
#include "kernel/lib/string.h"
#include "mm/kmap/memremap.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "tests/arms/write_arm.h"
#include "tests/harness/events.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"

#define RANGE_ORDER 9
#define RANGE_PAGES (1UL << RANGE_ORDER)
/*
 * All but extent=full: windows below a page, of one, and beyond TLB_FLUSH_ALL; but for a brief run
 * also of 8 pages.
 */
#define SMALL_PAGES 128UL
#define SMALL_FIRST 2048UL

struct writer {
	const struct write_arm *arm;
	struct page *first;
	const char *from;
	u64 bytes, size; /* of all accesses, of one access */
	u64 window;      /* bytes of one for many accesses; 0: a window for each access */
};

static void write_singly(const struct writer *w)
{
	for (u64 at = 0; at < w->bytes; at += w->size)
		write_arm_copy(w->arm, w->first, at, w->from, w->size);
}

static void write_batches(const struct writer *w)
{
	for (u64 at = 0; at < w->bytes; at += w->window) {
		struct write_window window = {
			.first = w->first + (at >> PAGE_SHIFT),
			.pages = w->window >> PAGE_SHIFT,
		};

		w->arm->open(&window);
		for (u64 in = 0; in < w->window; in += w->size)
			memcpy((char *)page_to_virt(window.first) + in, w->from, w->size);
		w->arm->close(&window);
	}
}

/* With one CPU no interrupt comes in between; with more, other CPUs are to be interrupted. */
static struct events measure(const struct writer *w)
{
	bool quiet = cpu_count == 1;
	u64 flags = quiet ? irq_save() : 0;
	struct events e = events_now();

	if (w->window)
		write_batches(w);
	else
		write_singly(w);
	e = events_since(e);
	if (quiet)
		irq_restore(flags);
	return e;
}

/* The events that the arm needs for some windows, from its description in write_arm.h. */
static struct events expected(const struct writer *w, u64 *windows)
{
	u64 id = (u64)(w->arm - write_arms), most = w->arm->pages_most << PAGE_SHIFT;
	u64 each = w->window ? w->window : most ? MIN(w->size, most) : w->size;
	u64 pages = (each + PAGE_SIZE - 1) >> PAGE_SHIFT, everybody = 1;
	struct events e = { 0 };

	*windows = w->bytes / each;
	if (w->arm->keyed)
		e.pkrs_writes = 2 * *windows;
	if (id == ARM_UNMAP_ALL) {
		everybody = cpu_count;
		e.ipis = *windows * (cpu_count - 1);
	}
	if (id == ARM_UNMAP || id == ARM_UNMAP_ALL) {
		e.invlpgs = pages <= TLB_FLUSH_ALL ? *windows * pages * everybody : 0;
		e.flushes = pages > TLB_FLUSH_ALL ? *windows * everybody : 0;
	}
	return e;
}

static void check(const struct writer *w)
{
	u64 windows;
	struct events want = expected(w, &windows), got = measure(w);

	EXPECT_EQ(got.invlpgs, want.invlpgs);
	EXPECT_EQ(got.flushes, want.flushes);
	EXPECT_EQ(got.ipis, want.ipis);
	if (CONFIG_PARANOID && cpu_count == 1)
		EXPECT_EQ(got.pkrs_writes, want.pkrs_writes);
	if (options.extent != EXTENT_FULL)
		return;
	pr("# write %s %lu %lu ticks %lu windows %lu invlpgs %lu flushes %lu ipis %lu",
	   w->arm->name, w->size, w->window, got.ticks, windows, got.invlpgs, got.flushes,
	   got.ipis);
	if (CONFIG_PARANOID) /* other builds do not count writes */
		pr(" pkrs %lu", want.pkrs_writes);
	pr("\n");
}

/* Accesses of one size: in a window each, in one for a page, and in one for the whole range. */
static void check_size(struct writer w, u64 size)
{
	w.size = size;
	check(&w);
	w.window = PAGE_SIZE;
	if (size <= w.window)
		check(&w);
	w.window = w.bytes;
	if (!w.arm->pages_most)
		check(&w);
}

static void check_arm(const struct write_arm *arm, const char *from, u64 pages)
{
	struct dev_pagemap range = {
		.pages = pages,
		.flags = arm->keyed ? PGMAP_PROTECTION : 0,
		.owner = "costs",
	};
	struct writer w = { .arm = arm, .from = from, .bytes = pages << PAGE_SHIFT };
	bool full = options.extent == EXTENT_FULL;

	REQUIRE(memremap_pages(&range) == 0);
	w.first = range.first;
	if (!arm->protect || EXPECT_EQ(arm->protect(range.first, pages), 0)) {
		for (u64 size = full ? 64 : SMALL_FIRST; size <= w.bytes;
		     size *= full ? 2 : 16 * ktest_part(16))
			check_size(w, size);
		if (arm->unprotect)
			EXPECT_EQ(arm->unprotect(range.first, pages), 0);
	}
	EXPECT_EQ(memunmap_pages(&range), 0);
}

static void check_arms_here(void *arg)
{
	u64 pages = options.extent == EXTENT_FULL ? RANGE_PAGES : SMALL_PAGES;
	struct page *source = page_alloc(RANGE_ORDER);

	(void)arg;
	SKIP_IF(!source, "no 2 MiB of free memory for what is written");
	for (u32 id = 0; id < WRITE_ARMS; id++)
		check_arm(&write_arms[id], page_to_virt(source), pages);
	page_free(source, RANGE_ORDER);
}

static void a_window_costs_what_its_arm_needs(void)
{
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	percpu_run_on(this_cpu(), check_arms_here, NULL);
}
KTEST(a_window_costs_what_its_arm_needs, KT_PKS);

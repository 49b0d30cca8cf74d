// SPDX-License-Identifier: MIT
/*
 * What each way to keep stray writes from a range stops, outside of its windows and in them, and
 * that its copies are right. What this cannot know: how long another CPU keeps a translation that
 * the arm `unmap` does not flush there.
 */
#define KTEST_SUITE "arms"

#include "kernel/cpu/context.h"
#include "kernel/cpu/percpu.h"
#include "kernel/ipi.h"
#include "kernel/lib/string.h"
#include "mm/kmap/memremap.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "pks/keys.h"
#include "tests/arms/write_arm.h"
#include "tests/harness/contexts.h"
#include "tests/harness/drain.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"
#include "tests/harness/refuse.h"

#define PAGES 6

static struct dev_pagemap range;
static u32 range_key; /* of keyed ranges; 0: PKS_KEY_DEVMAP */
static char source[PAGES * PAGE_SIZE], copy[PAGES * PAGE_SIZE];

static bool range_get(const struct write_arm *arm)
{
	range = (struct dev_pagemap){
		.pages = PAGES,
		.flags = arm->keyed ? PGMAP_PROTECTION : 0,
		.key = range_key,
		.owner = "arms",
	};
	if (!EXPECT_EQ(memremap_pages(&range), 0))
		return false;
	memset(copy, 0, sizeof(copy));
	write_arm_copy(arm, range.first, 0, copy, sizeof(copy)); /* before it is protected */
	return !arm->protect || EXPECT_EQ(arm->protect(range.first, PAGES), 0);
}

/* Afterwards the pages are as before: present and writable. */
static void range_put(const struct write_arm *arm)
{
	struct pgwalk walk;

	if (arm->unprotect)
		EXPECT_EQ(arm->unprotect(range.first, PAGES), 0);
	for (u64 i = 0; i < PAGES; i++)
		EXPECT(pgtable_walk(kernel_root, (u64)page_to_virt(range.first + i), &walk) &&
		       walk.writable);
	EXPECT_EQ(memunmap_pages(&range), 0);
}

/* Which pages the running context can write, a bit each. */
static u32 writable(void)
{
	u32 found = 0;

	for (u32 i = 0; i < PAGES; i++)
		if (probe_write(page_to_virt(range.first + i), 0).vector == FAULT_NONE)
			found |= 1u << i;
	return found;
}

static void note_writable(void *arg)
{
	*(u32 *)arg = writable();
}

static u32 writable_in_interrupt(void)
{
	u32 found = 0;

	run_in(IN_INTERRUPT, note_writable, &found);
	return found;
}

static u32 writable_on(struct cpu *cpu)
{
	u32 found = 0;

	ipi_run_on(cpu, note_writable, &found);
	return found;
}

#define ALL ((1u << PAGES) - 1)
#define OWN 6u /* pages 1 and 2 */

/* Who can write which pages while a window of pages 1 and 2 is open. */
static const struct {
	u32 writer, interrupt, other_cpu;
} in_window[WRITE_ARMS] = {
	[ARM_NONE] = { ALL, ALL, ALL },  [ARM_GRANT] = { ALL, 0, 0 },
	[ARM_READWRITE] = { ALL, 0, 0 }, [ARM_KMAP_LOCAL] = { ALL, 0, 0 },
	[ARM_UNMAP] = { OWN, OWN, OWN }, [ARM_UNMAP_ALL] = { OWN, OWN, OWN },
	[ARM_CR0_WP] = { ALL, ALL, 0 },
};

static void check_closed(enum write_arm_id id)
{
	u32 open = id == ARM_NONE ? ALL : 0;

	EXPECT_EQ(writable(), open);
	EXPECT_EQ(writable_in_interrupt(), open);
	for (u32 i = 0; i < cpu_count; i++)
		if (id != ARM_UNMAP || cpus[i] == this_cpu()) /* others keep what they have used */
			EXPECT_EQ(writable_on(cpus[i]), open);
}

/* Pinned: `unmap` flushes one CPU. */
static void check_windows(void *arg)
{
	enum write_arm_id id = *(enum write_arm_id *)arg;
	const struct write_arm *arm = &write_arms[id];

	if (!range_get(arm))
		return;
	check_closed(id);
	for (u32 round = 0; round < 2; round++) {
		struct write_window w = { .first = range.first + 1, .pages = 2 };

		arm->open(&w);
		/* only where the window is the CPU's must its thread stay there */
		EXPECT_EQ(context_count(), id == ARM_CR0_WP ? CONTEXT_PREEMPT : 0);
		EXPECT_RIGHTS(arm->keyed ? WITH_KEY(range.first->pkey) : PKRS_INIT);
		EXPECT_EQ(writable(), in_window[id].writer);
		EXPECT_EQ(writable_in_interrupt(), in_window[id].interrupt);
		for (u32 i = 0; i < cpu_count; i++)
			if (cpus[i] != this_cpu())
				EXPECT_EQ(writable_on(cpus[i]), in_window[id].other_cpu);
		EXPECT_EQ(writable(), in_window[id].writer);
		arm->close(&w);
		EXPECT_EQ(context_count(), 0);
		check_closed(id);
	}
	EXPECT_RIGHTS(PKRS_INIT);
	range_put(arm);
}

static void check_arms(void (*check)(void *arg))
{
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	for (enum write_arm_id id = 0; id < WRITE_ARMS; id++) {
		percpu_run_on(cpus[0], check, &id);
		if (cpu_count > 1)
			percpu_run_on(cpus[cpu_count - 1], check, &id);
	}
}

static void a_write_passes_in_a_window_alone(void)
{
	check_arms(check_windows);
}
KTEST(a_write_passes_in_a_window_alone, KT_PKS);

/* All keys that can be had; each window opens its range's key and no other. */
static void a_window_opens_one_key(void)
{
	int keys[PKS_KEYS];
	u32 n = 0;

	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	while (n < PKS_KEYS && (keys[n] = pks_key_alloc("arms")) > 0)
		n++;
	EXPECT(n > 8); /* of 13: a context that is still there may have some open */
	for (u32 i = 0; i < n; i++) {
		range_key = (u32)keys[i];
		for (enum write_arm_id id = ARM_GRANT; id <= ARM_KMAP_LOCAL; id++)
			percpu_run_on(this_cpu(), check_windows, &id);
	}
	range_key = 0;
	for (u32 i = 0; i < n; i++)
		EXPECT_EQ(pks_key_free((u32)keys[i]), 0);
}
KTEST(a_window_opens_one_key, KT_PKS);

static const struct {
	u64 at, size;
} pieces[] = {
	{ 0, 64 },
	{ PAGE_SIZE - 64, 64 },
	{ PAGE_SIZE - 1, 2 },
	{ 5, PAGE_SIZE },
	{ PAGE_SIZE, PAGE_SIZE },
	{ 3 * PAGE_SIZE - 7, 2 * PAGE_SIZE + 9 },
	{ 0, PAGES *PAGE_SIZE },
	{ PAGES * PAGE_SIZE - 1, 1 },
};

/* After each copy the whole range is as a plain copy would have left it. */
static void check_copies(void *arg)
{
	const struct write_arm *arm = &write_arms[*(enum write_arm_id *)arg];
	struct write_window w;

	if (!range_get(arm))
		return;
	for (u32 n = 0; n < ARRAY_SIZE(pieces); n++) {
		for (u64 i = 0; i < sizeof(source); i++)
			source[i] = (char)(i * 7 + i / PAGE_SIZE + n);
		memcpy(copy + pieces[n].at, source, pieces[n].size);
		write_arm_copy(arm, range.first, pieces[n].at, source, pieces[n].size);
		for (u64 i = 0; i < PAGES; i++) { /* a window of each page, to read it */
			w = (struct write_window){ .first = range.first + i, .pages = 1 };
			arm->open(&w);
			EXPECT_EQ(memcmp(page_to_virt(w.first), copy + i * PAGE_SIZE, PAGE_SIZE),
				  0);
			arm->close(&w);
		}
	}
	range_put(arm);
}

static void a_copy_through_windows_is_whole(void)
{
	check_arms(check_copies);
}
KTEST(a_copy_through_windows_is_whole, KT_PKS);

/* Frames of one large leaf, and how to protect them. */
struct refused {
	const struct write_arm *arm;
	struct page *first;
};

static int protect(void *arg)
{
	const struct refused *r = arg;
	int err = r->arm->protect(r->first + 7, PAGES);

	for (u32 i = 0; err && i < PAGES + 2; i++)
		EXPECT_NO_FAULT(probe_write(page_to_virt(r->first + 6 + i), 0), "nothing changed");
	return err;
}

static void unprotect(void *arg)
{
	const struct refused *r = arg;

	EXPECT_EQ(r->arm->unprotect(r->first + 7, PAGES), 0);
}

static void a_refused_protection_leaves_the_range_open(void)
{
	for (u32 id = 0; id < WRITE_ARMS; id++) {
		struct refused r = { .arm = &write_arms[id] };
		struct drain drain;

		if (!r.arm->protect)
			continue;
		r.first = drain_but_large(&drain);
		if (r.first)
			EXPECT(refuse_each_allocation(protect, unprotect, &r, REFUSE_ALL) >= 1);
		drain_undo(&drain);
		if (!r.first)
			ktest_skip("no free large page");
	}
}
KTEST(a_refused_protection_leaves_the_range_open, 0);

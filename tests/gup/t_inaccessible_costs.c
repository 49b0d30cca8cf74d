// SPDX-License-Identifier: MIT
/*
 * What it costs to make pages private and to share them again: out of the direct map, or under a
 * denied key; few and many, side by side and scattered. Checks the events against what each way is
 * said to need. With extent=full it prints the figures, of which tools/arms makes a table:
 * instructions where a TSC tick is one. What this cannot know: how long silicon takes for an INVLPG
 * or an IPI.
 */
#define KTEST_SUITE "inaccessible"

#include "kernel/console/console.h"
#include "kernel/cpu/percpu.h"
#include "mm/gup/guest.h"
#include "mm/gup/gup.h"
#include "mm/pgtable.h"
#include "mm/set_memory.h"
#include "mm/split.h"
#include "mm/tlb.h"
#include "tests/gup/space.h"
#include "tests/harness/events.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"

#define BLOCKS 8 /* of 2 MiB: scattered frames are spread over all of them */

static struct play {
	struct guest guest;
	struct mm_struct *mm;
	struct page *blocks[BLOCKS];
	u64 frames; /* in all */
	bool scattered;
} play;

static bool play_small; /* blocks without a large page of the direct map: splits are not checked */

/* The frames of one call: all of them, or the nth of those that are scattered. */
static struct page *frames_of(u64 n)
{
	u64 gap = BLOCKS * BLOCK_PAGES / play.frames;

	if (!play.scattered)
		return play.blocks[0];
	return play.blocks[n * gap / BLOCK_PAGES] + n * gap % BLOCK_PAGES;
}

typedef int (*guest_change)(struct guest *guest, struct page *page, u64 n);

static struct events measure(guest_change change)
{
	u64 calls = play.scattered ? play.frames : 1, each = play.frames / calls, wrong = 0;
	struct events e = events_now();

	for (u64 n = 0; n < calls; n++)
		wrong += !!change(&play.guest, frames_of(n), each);
	e = events_since(e);
	EXPECT_EQ(wrong, 0);
	return e;
}

/* Every CPU forgets what was accessible; what was not present no TLB has. */
static void check(const char *what, bool private, guest_change change)
{
	bool key = play.guest.arm == GUEST_KEY, flush = private || key;
	u64 calls = play.scattered ? play.frames : 1, each = play.frames / calls;
	s64 splits = (s64)pgtable_splits();
	struct events got = measure(change);
	bool all = each > TLB_FLUSH_ALL;

	splits = (s64)pgtable_splits() - splits;
	EXPECT_EQ(got.invlpgs, flush && !all ? play.frames * cpu_count : 0);
	EXPECT_EQ(got.flushes, flush && all ? calls * cpu_count : 0);
	EXPECT_EQ(got.ipis, flush ? calls * (cpu_count - 1) : 0);
	if (options.extent == EXTENT_FULL)
		pr("# guest %s %s %lu %s ticks %lu invlpgs %lu flushes %lu ipis %lu splits %ld\n",
		   key ? "key" : "unmap", what, play.frames, play.scattered ? "scattered" : "run",
		   got.ticks, got.invlpgs, got.flushes, got.ipis, splits);
}

/* Returns how many of the blocks have a large page of the direct map. */
static u64 large_blocks(void)
{
	struct pgwalk walk;
	u64 n = 0;

	for (u32 i = 0; i < BLOCKS; i++)
		n += pgtable_walk(kernel_root, (u64)page_to_virt(play.blocks[i]), &walk) &&
		     walk.last > 1;
	return n;
}

static bool blocks_get(void)
{
	play = (struct play){ .mm = space_create(2, BLOCKS, NULL) };
	for (u64 i = 0; play.mm && i < BLOCKS; i++) {
		if (!EXPECT_EQ(get_user_pages(play.mm, LARGE_AT + i * level_size(2), 1, FOLL_WRITE,
					      &play.blocks[i]),
			       1))
			return false;
		put_user_pages(&play.blocks[i], 1, false);
	}
	return play.mm;
}

/* A key leaves a block that is private as a whole in one piece; `left`: while all was private. */
static void check_large(u64 left)
{
	bool key = play.guest.arm == GUEST_KEY;
	u64 whole = !play.scattered && play.frames == BLOCK_PAGES && key;
	u64 split = play.scattered ? MIN(play.frames, BLOCKS) : 1 - whole;

	EXPECT_EQ(left, BLOCKS - split);
	EXPECT_EQ(large_blocks(), key ? BLOCKS : BLOCKS - split);
}

static void measure_costs(u64 frames, bool scattered)
{
	u64 large, left;

	play.frames = frames;
	play.scattered = scattered;
	for (u64 i = 0; i < BLOCKS; i++) /* whole again, where the direct map has split it */
		EXPECT_EQ(set_memory_rw((u64)page_to_virt(play.blocks[i]), BLOCK_PAGES), 0);
	large = large_blocks();
	check("private", true, guest_make_private);
	EXPECT_EQ(play.guest.private, frames);
	left = large_blocks();
	check("shared", false, guest_make_shared);
	EXPECT_EQ(play.guest.private, 0);
	if (large == BLOCKS)
		check_large(left);
	else
		play_small = true;
}

static void measure_arm(enum guest_arm arm)
{
	if (!EXPECT_EQ(guest_init(&play.guest, arm), 0))
		return;
	for (u64 frames = 1; frames <= BLOCK_PAGES; frames *= frames == 1 ? 16 : 32)
		for (u32 scattered = 0; scattered < 2; scattered++)
			measure_costs(frames, scattered);
	EXPECT_EQ(guest_exit(&play.guest), 0);
}

static void measure_all(void *arg)
{
	(void)arg;
	REQUIRE(blocks_get());
	for (enum guest_arm arm = 0; arm < (pks_present ? GUEST_ARMS : GUEST_KEY); arm++)
		measure_arm(arm);
	mm_destroy(play.mm);
}

static void privacy_costs_what_its_arm_needs(void)
{
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	play_small = false;
	percpu_run_on(this_cpu(), measure_all, NULL);
	if (play_small)
		ktest_skip("the direct map has no large page for each block");
}
KTEST(privacy_costs_what_its_arm_needs, KT_RAM);

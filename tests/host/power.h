/* SPDX-License-Identifier: MIT */
/*
 * Persistent memory whose power can go at any store, flush or fence. What was stored and did not
 * reach the medium, by a flush and a fence after it, may be lost or kept, in each word of 8 bytes
 * by itself: lines are torn, and kept in any order. That is more than a CPU does, which keeps the
 * order within a line.
 *
 * What this cannot know: a word that was stored twice between two fences is kept as it was before,
 * as it was flushed, or as it is now, and never as in between.
 */
#ifndef KEYWARD_TESTS_HOST_POWER_H
#define KEYWARD_TESTS_HOST_POWER_H

#include <setjmp.h>

#include "tests/store/store.h"

#define POWER_SIZE  (4 * STORE_PAGE)
#define POWER_WORDS (POWER_SIZE / 8)
#define POWER_NEVER ~0ULL

struct power {
	struct store_media media; /* ctx: this structure */
	u64 now[POWER_WORDS];     /* what the CPU reads */
	u64 flushed[POWER_WORDS]; /* on its way; equal to `safe` if nothing is */
	u64 safe[POWER_WORDS];    /* what is there after any cut */
	u64 events, cut_at;       /* the power goes before event number cut_at, from 0 */
	jmp_buf off;              /* and control comes here */
};

/* Power comes back with this image on the medium; it never goes until cut_at is set. */
void power_on(struct power *p, const void *image, u64 size);

/* An image that a cut can leave: `keeps` tells for each uncertain word, counted from 0, if it is
 * kept. */
void power_image(const struct power *p, bool (*keeps)(void *arg, u32 word), void *arg, u64 *image);

/* How many words are uncertain now. */
u32 power_uncertain(const struct power *p);

/*
 * Calls fn(arg, image) with images that a cut can leave now: with all of them if at most 6 words
 * are uncertain; else with all words kept, none, all but one, only one, the first few, and `random`
 * sets at random. Where there are more than `many` words, plays about so many of each kind. Returns
 * how many images.
 */
u32 power_each_image(const struct power *p, u32 many, u32 random,
		     void (*fn)(void *arg, const u64 *image), void *arg);

#endif

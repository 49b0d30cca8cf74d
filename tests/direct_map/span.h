/* SPDX-License-Identifier: MIT */
/*
 * A span of kernel pages that the running test changes, beside its model: three large pages of the
 * direct map, or leaves in the test window.
 */
#ifndef KEYWARD_TESTS_DIRECT_MAP_SPAN_H
#define KEYWARD_TESTS_DIRECT_MAP_SPAN_H

#include "kernel/cpu/pte.h"
#include "mm/page.h"
#include "tests/direct_map/map_model.h"

#define SPAN_PAGES (3 * 512UL) /* of the direct map */

struct span {
	struct map_model model;
	u64 va, phys;       /* of the first page */
	struct page *first; /* its frame; NULL: in the window, frames that nobody accesses */
	struct page *block; /* the model's memory, of this order */
	u32 order;
	pte_t more;         /* bits that all its PTEs have: G, maybe PAT */
	u64 frames, splits; /* free frames and split pages when the span began */
};

/*
 * Takes frames of the direct map and writes their numbers into them. False: there are none in large
 * pages, and the test is skipped. Thread context, as all functions here.
 */
bool span_of_direct_map(struct span *span);

/* Maps `leaves` leaves of level `born` into the window. False: the test is in error. */
bool span_of_window(struct span *span, int born, u64 leaves, pte_t more);

/* Makes the span what it was at first, expects that, and gives all back. */
void span_end(struct span *span);

/* The kernel's operation on the pages [from, from + n), with its flush; the model stays. */
int span_do(const struct span *span, enum map_op op, u8 key, u64 from, u64 n);

/* Both, which must succeed. */
void span_play(struct span *span, enum map_op op, u8 key, u64 from, u64 n);

/* Plays what brings these pages back to what they were at first; merges. */
void span_restore(struct span *span, u64 from, u64 n);

/*
 * Compares each entry, the keys in struct pages and the number of tables with the model. False: the
 * test has failed, with a line that names the first page that differs.
 */
bool span_expect(const struct span *span);

/* The same for how many frames are free: those of the model's tables are not. */
bool span_expect_frames(const struct span *span);

/*
 * The same for page i of the direct map alone, as a small page, whatever the size of the page that
 * it is part of. The model has it as a small one.
 */
bool span_expect_page(const struct span *span, u64 i);

/*
 * Reads and writes page i of the direct map once, and expects what the model says. Other CPUs'
 * operations on other pages may go on. True: as expected.
 */
bool span_expect_access(const struct span *span, u64 i);

#endif

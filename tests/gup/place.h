/* SPDX-License-Identifier: MIT */
/* For tests of private pages: a guest with a page of user memory. */
#ifndef KEYWARD_TESTS_GUP_PLACE_H
#define KEYWARD_TESTS_GUP_PLACE_H

#include "mm/gup/guest.h"
#include "tests/gup/space.h"

#define PLACE_VALUE  0xc0ffee /* the first word of the page */
#define PLACE_MIDDLE 77       /* which frame of a large page it is */

/* A guest with one frame that user mode maps: a small page, or the middle of a large one. */
struct place {
	struct guest guest;
	struct mm_struct *mm;
	u64 va;
	struct page *page;
	volatile u64 *direct;
};

/* Makes it, with PLACE_VALUE in it and not private. False: the test has failed. Thread context. */
bool place_get(struct place *p, enum guest_arm arm, int level);
void place_put(struct place *p);

/* Calls play() in mode STRICT for each arm that the CPU has, and each size of page. */
void place_each(void (*play)(struct place *p));

/* Whether it is private, to all who look: else the test fails. */
void place_expect(const struct place *p, bool private);

#endif

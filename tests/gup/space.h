/* SPDX-License-Identifier: MIT */
/* For tests of user memory: an address space with a range, and accesses to it as user mode's. */
#ifndef KEYWARD_TESTS_GUP_SPACE_H
#define KEYWARD_TESTS_GUP_SPACE_H

#include "mm/gup/user_page.h"
#include "mm/gup/vma.h"

#define SMALL_AT 0x20000000UL /* where ranges of small pages begin */
#define LARGE_AT 0x40000000UL /* and of large ones */

/* Both kinds of pages, for loops. */
#define for_each_level(level) for (int level = 1; level <= 2; level++)

static inline u64 range_at(int level)
{
	return level == 1 ? SMALL_AT : LARGE_AT;
}

/*
 * Creates an address space with a writable range of `pages` pages of a level at range_at(), private
 * or of `file` from its first page on. NULL: the test has failed. Thread context.
 */
struct mm_struct *space_create(int level, u64 pages, struct address_space *file);

/*
 * Read and write a word of the address space by its own mapping, from a thread that runs in it; if
 * that fails, so does the test. space_reaches(): whether it would have failed. Thread context.
 */
u64 space_peek(struct mm_struct *mm, u64 va);
void space_poke(struct mm_struct *mm, u64 va, u64 value);
bool space_reaches(struct mm_struct *mm, u64 va, bool write);

/* Returns the frame that `va` maps now, accessible or not, or NULL. Takes the lock. */
struct page *space_page(struct mm_struct *mm, u64 va);

/* Runs a user-mode program on it and returns how it ended. Its death is no failure. */
struct thread_end space_run(struct mm_struct *mm, void (*program)(u64), u64 arg);

#endif

// SPDX-License-Identifier: MIT
/* User address spaces: ranges, faults of user mode and of the kernel's copies, fork. */
#define KTEST_SUITE "gup"

#include "kernel/cpu/insn.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "mm/gup/checksum.h"
#include "mm/gup/fork.h"
#include "mm/gup/uaccess.h"
#include "mm/page_alloc.h"
#include "tests/gup/space.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"
#include "tests/harness/refuse.h"
#include "tests/harness/user.h"

static void pages_appear_when_user_mode_touches_them(void)
{
	for_each_level(level)
	{
		struct mm_struct *mm = space_create(level, 2, NULL);
		u64 at = range_at(level), second = at + level_size(level);
		struct thread_end end;

		REQUIRE(mm);
		EXPECT(!space_page(mm, at) && !space_page(mm, second));
		end = space_run(mm, user_read, second + 8);
		EXPECT(!end.died && end.code == 0);
		EXPECT(!space_page(mm, at) && space_page(mm, second));
		end = space_run(mm, user_write, at + level_size(level) - 4);
		EXPECT(!end.died);
		end = space_run(mm, user_read, at + level_size(level) - 4);
		EXPECT(!end.died && end.code == 1);
		EXPECT_EQ(space_peek(mm, second), 0);
		mm_destroy(mm);
	}
}
KTEST(pages_appear_when_user_mode_touches_them, 0);

/* Where no range allows it, user mode dies, and nothing appears. */
static void accesses_outside_of_ranges_are_fatal(void)
{
	struct mm_struct *mm = space_create(1, 1, NULL);
	u64 below = SMALL_AT - 8, above = SMALL_AT + PAGE_SIZE,
	    read_only = SMALL_AT + 2 * PAGE_SIZE;
	struct thread_end end;

	REQUIRE(mm);
	EXPECT_EQ(mm_map(mm, read_only, PAGE_SIZE, 0, NULL, 0), 0);
	for (u32 i = 0; i < 4; i++) {
		u64 va = i & 2 ? above : below;

		end = space_run(mm, i & 1 ? user_write : user_read, va);
		EXPECT(end.died);
		EXPECT_PAGE_FAULT(end.fault, PF_U | (i & 1 ? PF_W : 0), va, "no range is there");
	}
	end = space_run(mm, user_read, read_only);
	EXPECT(!end.died && end.code == 0);
	end = space_run(mm, user_write, read_only);
	EXPECT(end.died);
	EXPECT_PAGE_FAULT(end.fault, PF_P | PF_U | PF_W, read_only, "the range is read-only");
	end = space_run(mm, (void (*)(u64))SMALL_AT, 0);
	EXPECT(end.died && !space_page(mm, SMALL_AT));
	EXPECT(space_reaches(mm, read_only, false) && !space_reaches(mm, read_only, true));
	EXPECT(!space_reaches(mm, below - 8, false) && !space_reaches(mm, above, true));
	mm_destroy(mm);
}
KTEST(accesses_outside_of_ranges_are_fatal, 0);

static int has_user_memory(void *arg)
{
	(void)arg;
	return current_thread()->mm && !copy_from_user(&(u64){ 0 }, SMALL_AT, sizeof(u64));
}

/* A thread that has some creates one of the kernel's: does that have it? */
static int create_in_user_memory(void *arg)
{
	struct thread *t = thread_prepare("of the kernel", has_user_memory, arg);
	bool inherits = t && t->mm;

	if (!t || !has_user_memory(arg))
		return -1;
	t->mm = NULL; /* or it would fault for ever */
	thread_launch(t);
	return inherits + thread_join(t).code;
}

static void a_kernel_thread_has_no_user_memory_of_its_creators(void)
{
	struct mm_struct *mm = space_create(1, 1, NULL);
	struct thread *t;

	REQUIRE(mm);
	t = mm_thread(mm, "creator", create_in_user_memory, NULL);
	REQUIRE(t);
	EXPECT_EQ(thread_join(t).code, 0);
	mm_destroy(mm);
}
KTEST(a_kernel_thread_has_no_user_memory_of_its_creators, 0);

static char near[3 * PAGE_SIZE], again[3 * PAGE_SIZE];

/* Copies of all alignments bring in what they need, and stop at the byte that they cannot have. */
static int copy_back_and_forth(void *arg)
{
	u64 end = SMALL_AT + 3 * PAGE_SIZE;

	(void)arg;
	for (u64 i = 0; i < sizeof(near); i++)
		near[i] = (char)(i * 13 + i / PAGE_SIZE);
	for (u64 at = 1; at < 2 * PAGE_SIZE; at += 777) {
		EXPECT_EQ(copy_to_user(SMALL_AT + at, near, PAGE_SIZE + 9), 0);
		EXPECT_EQ(copy_from_user(again, SMALL_AT + at, PAGE_SIZE + 9), 0);
		EXPECT_EQ(memcmp(near, again, PAGE_SIZE + 9), 0);
	}
	EXPECT_EQ(copy_to_user(end - 100, near, 130), 30);
	EXPECT_EQ(copy_from_user(again, end - 100, 130), 30);
	EXPECT_EQ(memcmp(near, again, 100), 0);
	EXPECT_EQ(copy_to_user(end, near, 5), 5);
	EXPECT_EQ(copy_from_user(again, (u64)near, 8), 8);
	EXPECT_EQ(copy_to_user((u64)again, near, 8), 8);
	EXPECT_EQ(copy_from_user(again, USER_END - 4, 8), 8);
	EXPECT_EQ(copy_from_user(again, SMALL_AT, ~0ULL), ~0ULL);
	EXPECT_EQ(copy_from_user(again, SMALL_AT, USER_END - SMALL_AT + 1),
		  USER_END - SMALL_AT + 1);
	EXPECT_EQ(copy_from_user(again, SMALL_AT, USER_END - SMALL_AT), USER_END - end);
	EXPECT_EQ(copy_from_user((void *)NOWHERE, SMALL_AT, 8), 8);
	EXPECT_EQ(copy_from_user(again, end, 0), 0);
	EXPECT((read_flags() & (RFLAGS_IF | RFLAGS_AC)) == RFLAGS_IF);
	return 0;
}

static void copies_bring_in_what_they_need(void)
{
	struct mm_struct *mm = space_create(1, 3, NULL);
	struct thread *t;

	REQUIRE(mm);
	EXPECT_EQ(copy_from_user(again, SMALL_AT, 8), 8); /* this thread has no ranges */
	t = mm_thread(mm, "copy", copy_back_and_forth, NULL);
	REQUIRE(t);
	EXPECT(!thread_join(t).died);
	mm_destroy(mm);
}
KTEST(copies_bring_in_what_they_need, KT_STRESS);

/* Pages [from, to) of a range of four, of which the second and the last are there. */
static void expect_sum(struct mm_struct *mm, int level, u64 from, u64 to, u64 pages, u64 words)
{
	u64 at = range_at(level), size = level_size(level);
	struct mm_checksum sum;

	EXPECT_EQ(mm_checksum(mm, at + from * size, at + to * size, &sum), 0);
	EXPECT_EQ(sum.pages, pages * level_pages(level));
	EXPECT_EQ(sum.sum, words);
	EXPECT_EQ(sum.skipped + sum.failed, 0);
}

static void a_checksum_reads_what_is_there(void)
{
	for_each_level(level)
	{
		struct mm_struct *mm = space_create(level, 4, NULL);
		u64 at = range_at(level), size = level_size(level);

		REQUIRE(mm);
		expect_sum(mm, level, 0, 4, 0, 0);
		space_poke(mm, at + size, 10);
		space_poke(mm, at + 3 * size + 8, 100); /* the second word counts twice */
		expect_sum(mm, level, 0, 4, 2, 210);
		expect_sum(mm, level, 0, 3, 1, 10);
		expect_sum(mm, level, 1, 2, 1, 10);
		expect_sum(mm, level, 2, 4, 1, 200);
		expect_sum(mm, level, 2, 3, 0, 0);
		mm_destroy(mm);
	}
}
KTEST(a_checksum_reads_what_is_there, 0);

static void ranges_do_not_overlap(void)
{
	struct mm_struct *mm = space_create(1, 4, NULL);
	u64 size = PAGE_SIZE, large = level_size(2);

	REQUIRE(mm);
	EXPECT_EQ(mm_map(mm, SMALL_AT + 3 * size, size, 0, NULL, 0), (u64)-EEXIST);
	EXPECT_EQ(mm_map(mm, SMALL_AT - size, 2 * size, 0, NULL, 0), (u64)-EEXIST);
	EXPECT_EQ(mm_map(mm, SMALL_AT - size, 9 * size, 0, NULL, 0), (u64)-EEXIST);
	EXPECT_EQ(mm_map(mm, SMALL_AT + 4 * size, size, 0, NULL, 0), 0);
	EXPECT_EQ(mm_map(mm, SMALL_AT - size, size, 0, NULL, 0), 0);
	EXPECT_EQ(mm_map(mm, SMALL_AT + 9 * size + 8, size, 0, NULL, 0), (u64)-EINVAL);
	EXPECT_EQ(mm_map(mm, SMALL_AT + 9 * size, size + 8, 0, NULL, 0), (u64)-EINVAL);
	EXPECT_EQ(mm_map(mm, SMALL_AT + 9 * size, 0, 0, NULL, 0), (u64)-EINVAL);
	EXPECT_EQ(mm_map(mm, SMALL_AT + 9 * size, size, 4, NULL, 0), (u64)-EINVAL);
	EXPECT_EQ(mm_map(mm, LARGE_AT + size, large, VM_LARGE, NULL, 0), (u64)-EINVAL);
	EXPECT_EQ(mm_map(mm, LARGE_AT, large + size, VM_LARGE, NULL, 0), (u64)-EINVAL);
	EXPECT_EQ(mm_map(mm, USER_TEXT, size, 0, NULL, 0), (u64)-EINVAL);
	EXPECT_EQ(mm_map(mm, USER_STACK - size, size, 0, NULL, 0), (u64)-EINVAL);
	EXPECT_EQ(mm_map(mm, USER_STACK - USER_STACK_SIZE - size, 2 * size, 0, NULL, 0),
		  (u64)-EINVAL);
	EXPECT_EQ(mm_map(mm, DIRECT_BASE, size, 0, NULL, 0), (u64)-EINVAL);
	/* tables of small pages stay, so a large one finds no place there */
	space_poke(mm, SMALL_AT, 1);
	EXPECT_EQ(mm_unmap(mm, SMALL_AT - size, large + size), 0);
	EXPECT_EQ(mm->count, 0);
	EXPECT_EQ(mm_map(mm, SMALL_AT, large, VM_LARGE, NULL, 0), (u64)-EEXIST);
	EXPECT_EQ(mm_map(mm, SMALL_AT - large, 2 * large, VM_LARGE, NULL, 0), (u64)-EEXIST);
	EXPECT_EQ(mm_map(mm, SMALL_AT - large, large, VM_LARGE, NULL, 0), 0);
	EXPECT_EQ(mm_map(mm, SMALL_AT + large, large, VM_LARGE, NULL, 0), 0);
	mm_destroy(mm);
}
KTEST(ranges_do_not_overlap, 0);

/* What is unmapped is gone from user mode and freed; what is not keeps its content. */
static void unmapping_cuts_ranges(void)
{
	struct mm_struct *mm = space_create(1, 8, NULL);
	u64 free;

	REQUIRE(mm);
	for (u64 i = 0; i < 8; i++)
		space_poke(mm, SMALL_AT + i * PAGE_SIZE, i + 1);
	free = pages_free();
	EXPECT_EQ(mm_unmap(mm, SMALL_AT + 1 * PAGE_SIZE, 2 * PAGE_SIZE), 0);
	EXPECT_EQ(mm_unmap(mm, SMALL_AT + 7 * PAGE_SIZE, 2 * PAGE_SIZE), 0);
	EXPECT_EQ(pages_free() - free, 3);
	EXPECT_EQ(mm->count, 2);
	EXPECT_EQ(mm_unmap(mm, SMALL_AT + 2 * PAGE_SIZE, 2 * PAGE_SIZE), 0);
	EXPECT_EQ(mm_unmap(mm, SMALL_AT + 20 * PAGE_SIZE, 2 * PAGE_SIZE), 0);
	EXPECT_EQ(mm_unmap(mm, SMALL_AT, 8), (u64)-EINVAL);
	for (u64 i = 0; i < 8; i++) {
		u64 va = SMALL_AT + i * PAGE_SIZE;
		bool there = i != 1 && i != 2 && i != 3 && i != 7;

		EXPECT_EQ(space_reaches(mm, va, false), there);
		if (there)
			EXPECT_EQ(space_peek(mm, va), i + 1);
	}
	mm_destroy(mm);
}
KTEST(unmapping_cuts_ranges, 0);

/* Cuts that cannot be made leave all as it was. */
static void cuts_that_fail_change_nothing(void)
{
	struct mm_struct *mm = space_create(2, 2, NULL);
	u32 ranges = 1;

	REQUIRE(mm);
	space_poke(mm, LARGE_AT, 5);
	EXPECT_EQ(mm_unmap(mm, LARGE_AT + PAGE_SIZE, level_size(2) - PAGE_SIZE), (u64)-EINVAL);
	EXPECT_EQ(mm_unmap(mm, LARGE_AT, PAGE_SIZE), (u64)-EINVAL);
	EXPECT_EQ(mm_map(mm, SMALL_AT, 3 * PAGE_SIZE, VM_WRITE, NULL, 0), 0);
	for (ranges = 2; ranges < MM_VMAS_MAX; ranges++)
		EXPECT_EQ(mm_map(mm, SMALL_AT + 2 * ranges * PAGE_SIZE, PAGE_SIZE, 0, NULL, 0), 0);
	EXPECT_EQ(mm_map(mm, SMALL_AT + 2 * ranges * PAGE_SIZE, PAGE_SIZE, 0, NULL, 0),
		  (u64)-ENOMEM);
	space_poke(mm, SMALL_AT + PAGE_SIZE, 6);
	EXPECT_EQ(mm_unmap(mm, SMALL_AT + PAGE_SIZE, PAGE_SIZE), (u64)-ENOMEM);
	EXPECT_EQ(mm->count, MM_VMAS_MAX);
	EXPECT_EQ(space_peek(mm, SMALL_AT + PAGE_SIZE), 6);
	EXPECT_EQ(space_peek(mm, LARGE_AT), 5);
	EXPECT_EQ(mm_unmap(mm, SMALL_AT + 2 * PAGE_SIZE, 3 * PAGE_SIZE), 0);
	EXPECT_EQ(mm_unmap(mm, LARGE_AT, level_size(2)), 0);
	EXPECT(!space_reaches(mm, LARGE_AT, false));
	EXPECT(space_reaches(mm, LARGE_AT + level_size(2), true));
	mm_destroy(mm);
}
KTEST(cuts_that_fail_change_nothing, 0);

/* One frame until a side writes; then each has its own, and the last one keeps the old one. */
static void fork_shares_until_a_write(void)
{
	for_each_level(level) for (u32 writer = 0; writer < 2; writer++)
	{
		struct mm_struct *mm[2];
		u64 at = range_at(level), other = at + 80;
		struct page *page;

		mm[0] = space_create(level, 2, NULL);
		REQUIRE(mm[0]);
		space_poke(mm[0], at, 10);
		space_poke(mm[0], at + level_size(level) - 8, 14);
		REQUIRE(mm_fork(mm[0], &mm[1]) == 0);
		page = space_page(mm[0], at);
		EXPECT(page && page == space_page(mm[1], at));
		EXPECT_EQ(user_page_count(page, USERS_MAP), 2);
		EXPECT_EQ(space_peek(mm[1], at), 10);
		space_poke(mm[writer], at, 11);
		EXPECT_EQ(user_page_count(page, USERS_MAP), 1);
		EXPECT(space_page(mm[!writer], at) == page);
		EXPECT(space_page(mm[writer], at) != page);
		space_poke(mm[!writer], other, 12);
		EXPECT(space_page(mm[!writer], at) == page);
		EXPECT_EQ(space_peek(mm[writer], at), 11);
		EXPECT_EQ(space_peek(mm[!writer], at), 10);
		EXPECT_EQ(space_peek(mm[writer], other), 0);
		EXPECT_EQ(space_peek(mm[writer], at + level_size(level) - 8), 14);
		/* a page that came after the fork is one side's */
		space_poke(mm[0], at + level_size(level), 13);
		EXPECT_EQ(space_peek(mm[1], at + level_size(level)), 0);
		mm_destroy(mm[0]);
		EXPECT_EQ(space_peek(mm[1], at), writer ? 11 : 10);
		mm_destroy(mm[1]);
	}
}
KTEST(fork_shares_until_a_write, KT_RAM);

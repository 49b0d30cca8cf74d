// SPDX-License-Identifier: MIT
/*
 * Allocations that fail: each one of a whole life, and each one with all after it. With extent=full
 * the harness prints how many there are. What this cannot know: mm_thread(), whose stack may come
 * from a store of them; tests/kernel has threads.
 */
#define KTEST_SUITE "gup"

#include "mm/gup/checksum.h"
#include "mm/gup/fork.h"
#include "mm/gup/gup.h"
#include "mm/gup/swap.h"
#include "tests/gup/space.h"
#include "tests/harness/expect.h"
#include "tests/harness/refuse.h"

static struct ramdisk disk;

static int map(struct mm_struct *mm, int level, struct address_space *file)
{
	u32 flags = VM_WRITE | (level > 1 ? VM_LARGE : 0);

	return mm ? mm_map(mm, range_at(level), 2 * level_size(level), flags, file, 0) : -ENOMEM;
}

/* Pins the nth page and writes to it, as user mode would. */
static int pin(struct mm_struct *mm, int level, u64 n, struct page **page)
{
	s64 got = pin_user_pages(mm, range_at(level) + n * level_size(level), 1, FOLL_WRITE, page);

	if (got == 1)
		*(u64 *)page_to_virt(*page) = n + 1;
	return got < 0 ? (int)got : 0;
}

static int touch(struct mm_struct *mm, int level, u64 n)
{
	struct page *page;
	int err = pin(mm, level, n, &page);

	if (!err)
		unpin_user_pages(&page, 1, true);
	return err;
}

static void destroy(struct mm_struct *mm)
{
	if (mm)
		mm_destroy(mm);
}

/* Page 0 is shared, and then copied for the child; page 1 is pinned, and copied by fork. */
static int fork_and_write(struct mm_struct *mm, int level, struct mm_struct **child)
{
	struct page *page;
	int err = pin(mm, level, 1, &page);

	if (err)
		return err;
	err = mm_fork(mm, child);
	unpin_user_pages(&page, 1, false);
	for (u64 i = 0; i < 2 && !err; i++)
		err = touch(*child, level, i);
	return err;
}

/* Each thing once that allocates: ranges, swap out and in, fork, copies, a walk. */
static int live(void *arg)
{
	struct mm_struct *mm = mm_create(), *child = NULL;
	int level = *(int *)arg, err = map(mm, level, NULL);
	u64 at = range_at(level);
	struct mm_checksum sum;

	for (u64 i = 0; i < 2 && !err; i++)
		err = touch(mm, level, i);
	if (!err)
		err = swap_out(mm, at);
	if (!err)
		err = touch(mm, level, 0);
	if (!err)
		err = fork_and_write(mm, level, &child);
	if (!err)
		err = mm_checksum(mm, at, at + 2 * level_size(level), &sum);
	destroy(child);
	destroy(mm);
	return err;
}

/* The same with a file on a disk of its own; a small one, as it is cleared each time. */
static int live_with_file(void *arg)
{
	struct mm_struct *mm = NULL, *child = NULL;
	int level = *(int *)arg, err;
	struct address_space file;
	struct ramdisk own;

	err = ramdisk_create(&own, 1);
	if (err)
		return err;
	err = file_create(&file, &own, level, 2);
	if (!err) {
		mm = mm_create();
		err = map(mm, level, &file);
		if (!err)
			err = touch(mm, level, 0);
		if (!err)
			err = fork_and_write(mm, level, &child);
		destroy(child);
		destroy(mm);
		file_destroy(&file);
	}
	EXPECT_EQ(ramdisk_destroy(&own), 0);
	return err;
}

static void nothing(void *arg)
{
	(void)arg;
}

/* Large pages take long to clear and copy: a brief run does without them. */
static void refuse(int (*life)(void *), int level, u32 least)
{
	if (level > 1 && ktest_part(2) > 1)
		return;
	EXPECT(refuse_each_allocation(life, nothing, &level, REFUSE_ONE) >= least);
	EXPECT_EQ(ramdisk_used(&disk), 0);
	EXPECT(refuse_each_allocation(life, nothing, &level, REFUSE_ALL) >= least);
	EXPECT_EQ(ramdisk_used(&disk), 0);
}

static void refused_allocations_leave_nothing_behind(void)
{
	REQUIRE(ramdisk_create(&disk, 10) == 0 && swapon(&disk) == 0);
	for_each_level(level) refuse(live, level, 20);
	refuse(live_with_file, 1, 20);
	EXPECT_EQ(swapoff(), 0);
	EXPECT_EQ(ramdisk_destroy(&disk), 0);
}
KTEST(refused_allocations_leave_nothing_behind, KT_RAM);

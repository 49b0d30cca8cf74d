// SPDX-License-Identifier: MIT
/* Swap to a RAM disk and back; files and their writeback. */
#define KTEST_SUITE "gup"

#include "kernel/lib/string.h"
#include "mm/gup/fork.h"
#include "mm/gup/gup.h"
#include "mm/gup/swap.h"
#include "mm/page_alloc.h"
#include "tests/gup/space.h"
#include "tests/harness/expect.h"

static struct ramdisk disk;

static bool disk_get(u32 order)
{
	return EXPECT_EQ(ramdisk_create(&disk, order), 0) && EXPECT_EQ(swapon(&disk), 0);
}

static void disk_put(void)
{
	EXPECT_EQ(ramdisk_used(&disk), 0);
	EXPECT_EQ(swapoff(), 0);
	EXPECT_EQ(ramdisk_destroy(&disk), 0);
}

/* The content comes back when user mode touches it, and its frames are free meanwhile. */
static void what_is_swapped_out_comes_back(void)
{
	REQUIRE(disk_get(10));
	for_each_level(level)
	{
		u64 at = range_at(level), last = at + level_size(level) - 8, free;
		struct mm_struct *mm = space_create(level, 2, NULL);

		REQUIRE(mm);
		EXPECT_EQ(swap_out(mm, at), (u64)-ENOENT);
		space_poke(mm, at, 21);
		space_poke(mm, last, 22);
		free = pages_free();
		EXPECT_EQ(swap_out(mm, last), 0);
		EXPECT_EQ(pages_free() - free, level_pages(level));
		EXPECT_EQ(ramdisk_used(&disk), level_pages(level));
		EXPECT_EQ(swapoff(), (u64)-EBUSY);
		EXPECT_EQ(ramdisk_destroy(&disk), (u64)-EBUSY);
		EXPECT_EQ(swap_out(mm, at), (u64)-ENOENT);
		EXPECT_EQ(space_peek(mm, at), 21);
		EXPECT_EQ(ramdisk_used(&disk), 0);
		EXPECT_EQ(space_peek(mm, last), 22);
		space_poke(mm, at, 23);
		EXPECT_EQ(swap_out(mm, at), 0);
		space_poke(mm, at + 8, 24);
		EXPECT_EQ(space_peek(mm, at), 23);
		EXPECT_EQ(swap_out(mm, at), 0);
		EXPECT_EQ(mm_unmap(mm, at, level_size(level)), 0);
		EXPECT_EQ(ramdisk_used(&disk), 0);
		EXPECT_EQ(swap_out(mm, at + level_size(level)), (u64)-ENOENT);
		EXPECT_EQ(swap_out(mm, at - 8), (u64)-ENOENT);
		mm_destroy(mm);
	}
	disk_put();
}
KTEST(what_is_swapped_out_comes_back, 0);

/* A page that fork shares can go to swap on one side, and a swapped-out one can be shared. */
static void fork_and_swap_in_both_orders(void)
{
	REQUIRE(disk_get(10));
	for_each_level(level)
	{
		struct mm_struct *mm = space_create(level, 2, NULL), *child;
		u64 at = range_at(level), second = at + level_size(level);

		REQUIRE(mm);
		space_poke(mm, at, 31);
		space_poke(mm, second, 32);
		EXPECT_EQ(swap_out(mm, second), 0);
		REQUIRE(mm_fork(mm, &child) == 0);
		EXPECT_EQ(ramdisk_used(&disk), level_pages(level));
		EXPECT_EQ(swap_out(mm, at), 0);
		space_poke(child, at, 33);
		space_poke(child, second, 34);
		EXPECT_EQ(space_peek(mm, at), 31);
		EXPECT_EQ(space_peek(mm, second), 32);
		EXPECT_EQ(space_peek(child, at), 33);
		EXPECT_EQ(space_peek(child, second), 34);
		EXPECT_EQ(ramdisk_used(&disk), 0);
		EXPECT_EQ(swap_out(child, second), 0);
		mm_destroy(child);
		EXPECT_EQ(ramdisk_used(&disk), 0);
		mm_destroy(mm);
	}
	disk_put();
}
KTEST(fork_and_swap_in_both_orders, KT_RAM);

/* A page that cannot go stays where it is. */
static void a_page_stays_if_swap_cannot_take_it(void)
{
	struct mm_struct *mm = space_create(1, 3, NULL);
	struct ramdisk too_large;

	REQUIRE(mm);
	EXPECT_EQ(ramdisk_create(&too_large, RAMDISK_ORDER_MAX + 1), (u64)-EINVAL);
	space_poke(mm, SMALL_AT, 41);
	EXPECT_EQ(swap_out(mm, SMALL_AT), (u64)-ENODEV);
	REQUIRE(disk_get(1));
	EXPECT_EQ(swapon(&disk), (u64)-EBUSY);
	for (u64 i = 1; i < 3; i++)
		space_poke(mm, SMALL_AT + i * PAGE_SIZE, 41 + i);
	EXPECT_EQ(swap_out(mm, SMALL_AT), 0);
	EXPECT_EQ(swap_out(mm, SMALL_AT + PAGE_SIZE), 0);
	EXPECT_EQ(swap_out(mm, SMALL_AT + 2 * PAGE_SIZE), (u64)-ENOSPC);
	EXPECT_EQ(ramdisk_used(&disk), 2);
	for (u64 i = 0; i < 3; i++)
		EXPECT_EQ(space_peek(mm, SMALL_AT + i * PAGE_SIZE), 41 + i);
	mm_destroy(mm);
	disk_put();
}
KTEST(a_page_stays_if_swap_cannot_take_it, 0);

/* Blocks of swap count the entries that stand for them, up to an end. */
static void blocks_count_their_users(void)
{
	u64 free = pages_free();
	s64 block;

	REQUIRE(ramdisk_create(&disk, 2) == 0);
	EXPECT_EQ(free - pages_free(), 5); /* four blocks, and their counts */
	EXPECT_EQ(ramdisk_alloc(&disk, 1), 0);
	EXPECT_EQ(ramdisk_alloc(&disk, 2), 2);
	EXPECT_EQ(ramdisk_alloc(&disk, 2), (u64)-ENOSPC);
	EXPECT_EQ(ramdisk_alloc(&disk, 8), (u64)-ENOSPC);
	block = ramdisk_alloc(&disk, 1);
	EXPECT_EQ(block, 1);
	EXPECT_EQ(ramdisk_used(&disk), 4);
	for (u32 i = 1; i < RAMDISK_USERS_MAX; i++)
		EXPECT_EQ(ramdisk_get(&disk, 3, 1), 0);
	EXPECT_EQ(ramdisk_get(&disk, 2, 2), (u64)-ENOMEM);
	ramdisk_put(&disk, 2, 1); /* so that the get above has changed nothing */
	EXPECT_EQ(ramdisk_used(&disk), 3);
	for (u32 i = 0; i < RAMDISK_USERS_MAX; i++)
		ramdisk_put(&disk, 3, 1);
	ramdisk_put(&disk, 0, 2);
	EXPECT_EQ(ramdisk_used(&disk), 0);
	EXPECT_EQ(ramdisk_destroy(&disk), 0);
	EXPECT_EQ(pages_free(), free);
}
KTEST(blocks_count_their_users, 0);

static u64 block_word(const struct address_space *file, u64 page, u64 word)
{
	const u64 *block = page_to_virt(disk.first + file->block + page * level_pages(file->level));

	return block[word];
}

static void write_back(struct address_space *file, struct mm_struct *mm)
{
	if (mm)
		mm_sync(mm);
	writeback_start(file);
	writeback_wait(file);
}

/* All who map a file see the same, fork or not; what user mode writes gets to the disk, once. */
static void files_are_shared_and_written_back(void)
{
	for_each_level(level)
	{
		u64 at = range_at(level), second = at + level_size(level);
		struct mm_struct *mm, *other, *child;
		struct address_space file;

		REQUIRE(ramdisk_create(&disk, 11) == 0);
		REQUIRE(file_create(&file, &disk, level, 2) == 0);
		mm = space_create(level, 2, &file);
		other = space_create(level, 2, &file);
		REQUIRE(mm && other);
		space_poke(mm, at, 51);
		EXPECT_EQ(space_peek(other, at), 51);
		REQUIRE(mm_fork(mm, &child) == 0);
		space_poke(child, at + 8, 52);
		EXPECT_EQ(space_peek(mm, at + 8), 52);
		EXPECT_EQ(space_peek(mm, second), 0);
		EXPECT_EQ(block_word(&file, 0, 0), 0);
		write_back(&file, mm);
		EXPECT_EQ(file.written, 1);
		EXPECT_EQ(block_word(&file, 0, 0), 51);
		EXPECT_EQ(block_word(&file, 0, 1), 52);
		write_back(&file, mm);
		EXPECT_EQ(file.written, 1); /* it is clean */
		space_poke(mm, at, 53);
		space_poke(mm, second + 16, 54);
		EXPECT_EQ(mm_unmap(mm, at, 2 * level_size(level)), 0); /* notes it as well */
		write_back(&file, NULL);
		EXPECT_EQ(file.written, 3);
		EXPECT_EQ(block_word(&file, 0, 0), 53);
		EXPECT_EQ(block_word(&file, 1, 2), 54);
		mm_destroy(mm);
		mm_destroy(child);
		mm_destroy(other);
		file_destroy(&file);
		EXPECT_EQ(ramdisk_destroy(&disk), 0);
	}
}
KTEST(files_are_shared_and_written_back, KT_RAM);

/* What is written by another mapping is seen by no D bit: who does it says so with the unpin. */
static void an_unpin_notes_what_was_written(void)
{
	struct address_space file;
	struct page *pages[2];
	struct mm_struct *mm;

	REQUIRE(ramdisk_create(&disk, 11) == 0);
	REQUIRE(file_create(&file, &disk, 1, 2) == 0);
	mm = space_create(1, 2, &file);
	REQUIRE(mm && pin_user_pages(mm, SMALL_AT, 2, FOLL_WRITE, pages) == 2);
	for (u32 i = 0; i < 2; i++)
		*(u64 *)page_to_virt(pages[i]) = 61 + i;
	unpin_user_pages(&pages[0], 1, false);
	unpin_user_pages(&pages[1], 1, true);
	write_back(&file, NULL);
	EXPECT_EQ(block_word(&file, 0, 0), 0);
	EXPECT_EQ(block_word(&file, 1, 0), 62);
	EXPECT_EQ(pin_user_pages(mm, SMALL_AT, 1, FOLL_WRITE | FOLL_LONGTERM, pages), (u64)-EFAULT);
	EXPECT_EQ(pin_user_pages(mm, SMALL_AT, 1, FOLL_LONGTERM, pages), 1);
	unpin_user_pages(pages, 1, false);
	mm_destroy(mm);
	file_destroy(&file);
	/* its data is on the disk, not in a page */
	EXPECT_EQ(ramdisk_used(&disk), 0);
	EXPECT_EQ(ramdisk_destroy(&disk), 0);
}
KTEST(an_unpin_notes_what_was_written, KT_RAM);

/* Blocks that another file, or swap, has used hold what somebody had in memory. */
static void a_file_begins_with_zeros(void)
{
	REQUIRE(disk_get(10));
	for_each_level(level)
	{
		u64 at = range_at(level), last = at + 2 * level_size(level) - 8;
		struct mm_struct *mm = space_create(level, 2, NULL);
		struct address_space file;

		REQUIRE(mm);
		space_poke(mm, at, 81);
		space_poke(mm, last, 82);
		EXPECT_EQ(swap_out(mm, at), 0);
		EXPECT_EQ(swap_out(mm, last), 0);
		mm_destroy(mm);
		REQUIRE(file_create(&file, &disk, level, 2) == 0);
		mm = space_create(level, 2, &file);
		REQUIRE(mm);
		EXPECT_EQ(space_peek(mm, at), 0);
		EXPECT_EQ(space_peek(mm, last), 0);
		space_poke(mm, last, 83);
		write_back(&file, mm);
		EXPECT_EQ(block_word(&file, 1, level_size(level) / 8 - 1), 83);
		mm_destroy(mm);
		file_destroy(&file);
		REQUIRE(file_create(&file, &disk, level, 2) == 0);
		EXPECT_EQ(block_word(&file, 1, level_size(level) / 8 - 1), 0);
		file_destroy(&file);
	}
	disk_put();
}
KTEST(a_file_begins_with_zeros, KT_RAM);

static void files_have_a_size(void)
{
	struct address_space file;
	struct mm_struct *mm;

	REQUIRE(ramdisk_create(&disk, 4) == 0);
	EXPECT_EQ(file_create(&file, &disk, 0, 1), (u64)-EINVAL);
	EXPECT_EQ(file_create(&file, &disk, 3, 1), (u64)-EINVAL);
	EXPECT_EQ(file_create(&file, &disk, 1, 0), (u64)-EINVAL);
	EXPECT_EQ(file_create(&file, &disk, 1, 3), (u64)-EINVAL);
	EXPECT_EQ(file_create(&file, &disk, 1, 1024), (u64)-EINVAL);
	EXPECT_EQ(file_create(&file, &disk, 1, FILE_PAGES_MAX), (u64)-ENOSPC);
	EXPECT_EQ(file_create(&file, &disk, 2, 1), (u64)-ENOSPC);
	REQUIRE(file_create(&file, &disk, 1, 4) == 0);
	mm = space_create(1, 4, &file);
	REQUIRE(mm);
	EXPECT_EQ(mm_map(mm, SMALL_AT + 8 * PAGE_SIZE, 2 * PAGE_SIZE, 0, &file, 3), (u64)-EINVAL);
	EXPECT_EQ(mm_map(mm, SMALL_AT + 8 * PAGE_SIZE, PAGE_SIZE, 0, &file, 5), (u64)-EINVAL);
	EXPECT_EQ(mm_map(mm, LARGE_AT, level_size(2), VM_LARGE, &file, 0), (u64)-EINVAL);
	EXPECT_EQ(mm_map(mm, SMALL_AT + 8 * PAGE_SIZE, 2 * PAGE_SIZE, VM_WRITE, &file, 2), 0);
	space_poke(mm, SMALL_AT + 3 * PAGE_SIZE, 71);
	space_poke(mm, SMALL_AT + 8 * PAGE_SIZE, 72);
	EXPECT_EQ(space_peek(mm, SMALL_AT + 9 * PAGE_SIZE), 71);
	/* what is left of a range that is cut still maps its own pages */
	EXPECT_EQ(mm_unmap(mm, SMALL_AT + PAGE_SIZE, PAGE_SIZE), 0);
	EXPECT_EQ(mm_unmap(mm, SMALL_AT + 8 * PAGE_SIZE, PAGE_SIZE), 0);
	EXPECT_EQ(space_peek(mm, SMALL_AT + 2 * PAGE_SIZE), 72); /* not touched before */
	EXPECT_EQ(space_peek(mm, SMALL_AT + 3 * PAGE_SIZE), 71);
	EXPECT_EQ(swap_out(mm, SMALL_AT + 3 * PAGE_SIZE), (u64)-ENOENT);
	mm_destroy(mm);
	file_destroy(&file);
	EXPECT_EQ(ramdisk_destroy(&disk), 0);
}
KTEST(files_have_a_size, 0);

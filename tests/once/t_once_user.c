// SPDX-License-Identifier: MIT
/*
 * User memory: one interrupt while a page becomes private, is written back, or comes back from
 * swap. The interrupt does what another CPU may do without the lock that is held: pin the page,
 * write to it, take blocks that are free. What this cannot know: what two CPUs see of each other's
 * writes; gup.threads_of* has that.
 */
#define KTEST_SUITE "once"

#include "kernel/lib/string.h"
#include "mm/gup/filemap.h"
#include "mm/gup/guest.h"
#include "mm/gup/swap.h"
#include "mm/gup/user_page.h"
#include "tests/gup/space.h"
#include "tests/once/once.h"

static struct page *page;
static u64 serial; /* the last word written to the page */
static int err;    /* of the run */

static u64 *first_word(const struct page *p)
{
	return page_to_virt(p);
}

static struct guest guest;
static bool pinned; /* by the event */

static void begin_private(void)
{
	pinned = false;
}

static void run_private(void)
{
	err = guest_make_private(&guest, page, 1);
}

/* As pin_user_pages() does, which waits for the guest if it finds the page private. */
static void event_pin(u32 turn)
{
	(void)turn;
	pinned = !user_page_grab(page, USERS_PIN);
	if (!pinned || !(READ_ONCE(page->flags) & PG_PRIVATE))
		return;
	user_page_put(page, USERS_PIN);
	pinned = false;
}

static void end_private(void)
{
	ONCE_EQ(err, pinned ? -EBUSY : 0, "a pinned page does not become private, any other does");
	ONCE_EQ(page->flags & PG_PRIVATE, pinned ? 0 : PG_PRIVATE, "it is noted so");
	ONCE_EQ(guest.private, !pinned, "and counted");
	if (pinned)
		user_page_put(page, USERS_PIN);
	else
		ONCE_EQ(guest_make_shared(&guest, page, 1), 0, "it can be shared again");
}

static const struct once of_private = { "a page becomes private",
					BIT(ONCE_INTERRUPT),
					true,
					1,
					begin_private,
					run_private,
					event_pin,
					end_private };

static void no_page_is_pinned_and_private(void)
{
	for (enum guest_arm arm = 0; arm < GUEST_ARMS; arm++) {
		if (arm == GUEST_KEY && !pks_on())
			continue;
		REQUIRE(!guest_init(&guest, arm));
		page = user_page_alloc(1);
		REQUIRE(page);
		once_on_first_and_last(&of_private, 50);
		user_page_put(page, USERS_MAP);
		EXPECT_EQ(guest_exit(&guest), 0);
	}
}
KTEST(no_page_is_pinned_and_private, 0);

static struct ramdisk disk;
static struct address_space file;

static void write_to_page(u32 turn)
{
	(void)turn;
	*first_word(page) = ++serial;
	set_page_dirty(page);
}

static void begin_write(void)
{
	write_to_page(0);
}

static void write_back(void)
{
	file.work.fn(&file.work);
}

static u64 word_on_disk(void)
{
	return *first_word(disk.first + file.block);
}

static void end_write(void)
{
	if (!(READ_ONCE(page->flags) & PG_DIRTY))
		ONCE_EQ(word_on_disk(), serial, "a clean page has nothing that the disk has not");
	write_back();
	ONCE_EQ(page->flags & PG_DIRTY, 0, "what is written back is clean");
	ONCE_EQ(word_on_disk(), serial, "the disk has what was written last");
}

static const struct once of_writeback = { "a page is written back",
					  BIT(ONCE_INTERRUPT),
					  false,
					  1,
					  begin_write,
					  write_back,
					  write_to_page,
					  end_write };

static void no_write_is_lost_by_writeback(void)
{
	REQUIRE(ramdisk_create(&disk, 0) == 0);
	REQUIRE(file_create(&file, &disk, 1, 1) == 0);
	REQUIRE(file_get_page(&file, 0, &page) == 0);
	once_on_first_and_last(&of_writeback, 50);
	user_page_put(page, USERS_MAP);
	file_destroy(&file);
	EXPECT_EQ(ramdisk_destroy(&disk), 0);
}
KTEST(no_write_is_lost_by_writeback, 0);

static struct mm_struct *mm;
static s64 block; /* of the event */

static void begin_swap(void)
{
	block = -1;
	*first_word(space_page(mm, SMALL_AT)) = ++serial;
	ONCE_EQ(swap_out(mm, SMALL_AT), 0, "the page fits into swap");
}

static void bring_in(void)
{
	const struct vm_area *vma;

	mutex_lock(&mm->lock);
	vma = vma_find(mm, SMALL_AT);
	err = swap_in(vma, vma_entry(mm, vma, SMALL_AT, false));
	mutex_unlock(&mm->lock);
}

/* The only block, as soon as it is free. */
static void take_block(u32 turn)
{
	(void)turn;
	block = ramdisk_alloc(&disk, 1);
	if (block >= 0)
		*first_word(disk.first + block) = ~serial;
}

static void end_swap(void)
{
	if (block >= 0)
		ramdisk_put(&disk, (u64)block, 1);
	ONCE_EQ(err, 0, "the page comes back");
	ONCE_EQ(*first_word(space_page(mm, SMALL_AT)), serial, "with what it had");
	ONCE_EQ(ramdisk_used(&disk), 0, "and gives up its block");
}

static const struct once of_swap = { "a page comes back from swap",
				     BIT(ONCE_INTERRUPT),
				     false,
				     1,
				     begin_swap,
				     bring_in,
				     take_block,
				     end_swap };

static void a_page_comes_back_with_what_it_had(void)
{
	REQUIRE(ramdisk_create(&disk, 0) == 0 && swapon(&disk) == 0);
	mm = space_create(1, 1, NULL);
	REQUIRE(mm);
	space_poke(mm, SMALL_AT, 0);
	once_on_first_and_last(&of_swap, 50);
	mm_destroy(mm);
	EXPECT_EQ(swapoff(), 0);
	EXPECT_EQ(ramdisk_destroy(&disk), 0);
}
KTEST(a_page_comes_back_with_what_it_had, 0);

// SPDX-License-Identifier: MIT
/*
 * get_user_pages() and pin_user_pages(): what they return, what they count, and what a reference
 * keeps when its address space forks, is unmapped or ends.
 */
#define KTEST_SUITE "gup"

#include "kernel/lib/string.h"
#include "mm/gup/fork.h"
#include "mm/gup/gup.h"
#include "mm/gup/swap.h"
#include "mm/page_alloc.h"
#include "tests/gup/space.h"
#include "tests/harness/expect.h"

#define BOTH 2

static s64 (*const getters[BOTH])(struct mm_struct *, u64, u64, u32,
				  struct page **) = { get_user_pages, pin_user_pages };
static void (*const putters[BOTH])(struct page **, u64, bool) = { put_user_pages,
								  unpin_user_pages };
static const u64 kinds[BOTH] = { USERS_GET, USERS_PIN };

static u64 *words_of(struct page *page)
{
	return page_to_virt(page);
}

/* A page that nobody has touched appears zeroed; it is the one that user mode sees. */
static void a_reference_is_to_what_user_mode_sees(void)
{
	for_each_level(level) for (u32 k = 0; k < BOTH; k++)
	{
		u64 at = range_at(level), free = pages_free();
		struct mm_struct *mm = space_create(level, 3, NULL);
		struct page *pages[3];

		REQUIRE(mm);
		EXPECT_EQ(getters[k](mm, at + PAGE_SIZE, 2, FOLL_WRITE, pages + 1), 2);
		EXPECT_EQ(getters[k](mm, at, 1, 0, pages), 1);
		for (u32 i = 0; i < 3; i++) {
			EXPECT(space_page(mm, at + i * PAGE_SIZE) == pages[i]);
			EXPECT_EQ(words_of(pages[i])[9], 0);
			words_of(pages[i])[9] = i + 7;
			EXPECT_EQ(space_peek(mm, at + i * PAGE_SIZE + 72), i + 7);
			EXPECT_EQ(user_page_count(pages[i], kinds[k]), level == 1 ? 1 : 3);
			EXPECT_EQ(user_page_count(pages[i], kinds[!k]), 0);
			EXPECT_EQ(user_page_count(pages[i], USERS_MAP), 1);
		}
		putters[k](pages, 3, false);
		EXPECT_EQ(user_page_count(pages[0], kinds[k]), 0);
		EXPECT_EQ(user_page_count(pages[2], USERS_MAP), 1);
		mm_destroy(mm);
		if (k) /* the first round made stacks for threads */
			EXPECT_EQ(pages_free(), free);
	}
}
KTEST(a_reference_is_to_what_user_mode_sees, 0);

static void no_reference_to_what_may_not_be_had(void)
{
	struct mm_struct *mm = space_create(1, 2, NULL);
	struct page *pages[4];

	REQUIRE(mm);
	EXPECT_EQ(mm_map(mm, SMALL_AT + 2 * PAGE_SIZE, PAGE_SIZE, 0, NULL, 0), 0);
	for (u32 k = 0; k < BOTH; k++) {
		EXPECT_EQ(getters[k](mm, SMALL_AT + 1, 1, 0, pages), (u64)-EINVAL);
		EXPECT_EQ(getters[k](mm, SMALL_AT, 1, 8, pages), (u64)-EINVAL);
		EXPECT_EQ(getters[k](mm, SMALL_AT, 1, 4, pages), (u64)-EINVAL);
		EXPECT_EQ(getters[k](mm, USER_END, 1, 0, pages), (u64)-EINVAL);
		EXPECT_EQ(getters[k](mm, USER_END - PAGE_SIZE, 2, 0, pages), (u64)-EINVAL);
		EXPECT_EQ(getters[k](mm, SMALL_AT, 0, 0, pages), 0);
		/* beyond the range, and a page that may only be read */
		EXPECT_EQ(getters[k](mm, SMALL_AT - PAGE_SIZE, 1, 0, pages), (u64)-EFAULT);
		EXPECT_EQ(getters[k](mm, SMALL_AT + 3 * PAGE_SIZE, 1, 0, pages), (u64)-EFAULT);
		EXPECT_EQ(getters[k](mm, SMALL_AT + 2 * PAGE_SIZE, 1, FOLL_WRITE, pages),
			  (u64)-EFAULT);
		EXPECT_EQ(getters[k](mm, SMALL_AT + 2 * PAGE_SIZE, 1, 0, pages), 1);
		EXPECT_EQ(getters[k](mm, SMALL_AT + 2 * PAGE_SIZE, 1, FOLL_WRITE, pages + 1),
			  (u64)-EFAULT);
		putters[k](pages, 1, false);
		/* what came before the first error is had */
		EXPECT_EQ(getters[k](mm, SMALL_AT, 4, FOLL_WRITE, pages), 2);
		EXPECT_EQ(user_page_count(pages[1], kinds[k]), 1);
		putters[k](pages, 2, false);
	}
	EXPECT_EQ(get_user_pages(mm, SMALL_AT, 1, FOLL_LONGTERM, pages), (u64)-EINVAL);
	EXPECT_EQ(pin_user_pages(mm, SMALL_AT, 1, FOLL_LONGTERM | FOLL_WRITE, pages), 1);
	unpin_user_pages(pages, 1, false);
	mm_destroy(mm);
}
KTEST(no_reference_to_what_may_not_be_had, 0);

/* Counts that are full refuse, and change nothing; a put too many changes nothing either. */
static void counts_have_ends(void)
{
	struct mm_struct *mm = space_create(1, 1, NULL);
	struct page *pages[1];
	u64 *users, before;

	REQUIRE(mm && pin_user_pages(mm, SMALL_AT, 1, 0, pages) == 1);
	users = &pages[0]->users;
	for (u32 k = 0; k < BOTH; k++) {
		before = *users;
		*users |= USERS_MAX * kinds[k];
		EXPECT_EQ(getters[k](mm, SMALL_AT, 1, 0, pages), (u64)-ENOMEM);
		EXPECT_EQ(*users, before | USERS_MAX * kinds[k]);
		*users = before;
	}
	put_user_pages(pages, 1, false);
	EXPECT_EQ(*users, before);
	unpin_user_pages(pages, 1, false);
	EXPECT_EQ(*users, USERS_MAP);
	unpin_user_pages(pages, 1, false);
	EXPECT_EQ(*users, USERS_MAP);
	mm_destroy(mm);
}
KTEST(counts_have_ends, 0);

/* The frame stays when its address space unmaps it or ends, until the last reference goes. */
static void a_page_outlives_its_owner_while_it_is_used(void)
{
	for_each_level(level) for (u32 k = 0; k < 2 * BOTH; k++)
	{
		u64 at = range_at(level), free = pages_free(), held;
		struct mm_struct *mm = space_create(level, 2, NULL);
		struct page *pages[1];

		REQUIRE(mm && getters[k & 1](mm, at + PAGE_SIZE, 1, FOLL_WRITE, pages) == 1);
		words_of(pages[0])[3] = 33;
		if (k & 2)
			EXPECT_EQ(mm_unmap(mm, at, 2 * level_size(level)), 0);
		else
			mm_destroy(mm);
		EXPECT_EQ(user_page_count(pages[0], USERS_MAP), 0);
		EXPECT_EQ(user_page_count(pages[0], kinds[k & 1]), 1);
		EXPECT_EQ(words_of(pages[0])[3], 33);
		held = pages_free();
		putters[k & 1](pages, 1, false);
		EXPECT_EQ(pages_free() - held, level_pages(level));
		if (k & 2)
			mm_destroy(mm);
		EXPECT_EQ(pages_free(), free);
	}
}
KTEST(a_page_outlives_its_owner_while_it_is_used, 0);

/* Fork, then the parent writes: who pinned sees it, as the page is still the parent's. */
static void a_pinned_page_stays_its_owners(void)
{
	for_each_level(level) for (u32 flags = 0; flags <= FOLL_WRITE; flags++)
	{
		struct mm_struct *mm = space_create(level, 1, NULL), *child;
		u64 at = range_at(level);
		struct page *pages[1];

		REQUIRE(mm);
		space_poke(mm, at, 1);
		REQUIRE(pin_user_pages(mm, at, 1, flags, pages) == 1);
		REQUIRE(mm_fork(mm, &child) == 0);
		EXPECT_EQ(user_page_count(pages[0], USERS_MAP), 1);
		EXPECT(space_page(child, at) != pages[0]);
		space_poke(mm, at, 2);
		EXPECT(space_page(mm, at) == pages[0]);
		EXPECT_EQ(words_of(pages[0])[0], 2);
		words_of(pages[0])[1] = 3;
		EXPECT_EQ(space_peek(mm, at + 8), 3);
		EXPECT_EQ(space_peek(child, at), 1);
		EXPECT_EQ(space_peek(child, at + 8), 0);
		unpin_user_pages(pages, 1, false);
		mm_destroy(child);
		mm_destroy(mm);
	}
}
KTEST(a_pinned_page_stays_its_owners, 0);

/*
 * Creates an address space with one page, whose first word is 1, and a child that shares the page.
 * NULL: the test has failed.
 */
static struct mm_struct *share_with(struct mm_struct **child, int level)
{
	struct mm_struct *mm = space_create(level, 1, NULL);
	u64 at = range_at(level);

	if (!mm)
		return NULL;
	space_poke(mm, at, 1);
	if (!EXPECT_EQ(mm_fork(mm, child), 0) ||
	    !EXPECT(space_page(mm, at) == space_page(*child, at)))
		return NULL;
	return mm;
}

/* A page that fork shares already: the one who pins gets a copy first, also for reading. */
static void a_pin_ends_sharing(void)
{
	for_each_level(level) for (u32 flags = 0; flags <= FOLL_WRITE; flags++)
	{
		struct mm_struct *child, *mm = share_with(&child, level);
		u64 at = range_at(level);
		struct page *pages[1];

		REQUIRE(mm && pin_user_pages(child, at, 1, flags, pages) == 1);
		EXPECT(pages[0] == space_page(child, at));
		EXPECT(pages[0] != space_page(mm, at));
		space_poke(child, at, 2);
		EXPECT_EQ(words_of(pages[0])[0], 2);
		EXPECT_EQ(space_peek(mm, at), 1);
		unpin_user_pages(pages, 1, false);
		mm_destroy(mm);
		mm_destroy(child);
	}
}
KTEST(a_pin_ends_sharing, 0);

/* A plain reference for reading leaves the page shared; one for writing is to a copy. */
static void a_reference_for_writing_ends_sharing(void)
{
	for_each_level(level)
	{
		struct mm_struct *child, *mm = share_with(&child, level);
		u64 at = range_at(level);
		struct page *pages[2];

		REQUIRE(mm && get_user_pages(child, at, 1, 0, pages) == 1);
		EXPECT(pages[0] == space_page(mm, at));
		REQUIRE(get_user_pages(child, at, 1, FOLL_WRITE, pages + 1) == 1);
		EXPECT(pages[1] == space_page(child, at));
		EXPECT(pages[1] != space_page(mm, at));
		words_of(pages[1])[0] = 2;
		EXPECT_EQ(space_peek(child, at), 2);
		EXPECT_EQ(space_peek(mm, at), 1);
		put_user_pages(pages, 2, false);
		mm_destroy(mm);
		mm_destroy(child);
	}
}
KTEST(a_reference_for_writing_ends_sharing, 0);

/* Plain references, before and after, do not part a pin from user mode: each order of three. */
static void a_plain_reference_parts_no_pin(void)
{
	for_each_level(level) for (u32 order = 0; order < 8; order++)
	{
		struct mm_struct *mm = space_create(level, 1, NULL), *child;
		u64 at = range_at(level), last = at + level_size(level) - PAGE_SIZE;
		struct page *pages[3], *page;
		u64 pins = 0;

		REQUIRE(mm);
		space_poke(mm, at, 1);
		page = space_page(mm, at);
		for (u32 i = 0; i < 3; i++) {
			u32 k = order >> i & 1;

			EXPECT_EQ(getters[k](mm, i & 1 ? at : last, 1, 0, &pages[i]), 1);
			EXPECT(user_page_head(pages[i]) == page);
			pins += k;
		}
		REQUIRE(mm_fork(mm, &child) == 0); /* leaves a page that is pinned read-only */
		mm_destroy(child);
		space_poke(mm, last + 8, order + 2);
		EXPECT_EQ(space_page(mm, at) == page, pins != 0);
		for (u32 i = 0; i < 3; i++)
			if (pins && !(i & 1))
				EXPECT_EQ(words_of(pages[i])[1], order + 2);
		for (u32 i = 0; i < 3; i++)
			putters[order >> i & 1](&pages[i], 1, false);
		mm_destroy(mm);
	}
}
KTEST(a_plain_reference_parts_no_pin, 0);

/*
 * A child that holds a plain reference to a shared page and has given up its mapping must not see
 * what the parent writes later.
 */
static void a_plain_reference_sees_no_later_secret(void)
{
	struct mm_struct *child, *mm = share_with(&child, 1);
	struct page *pages[1];

	REQUIRE(mm && get_user_pages(child, SMALL_AT, 1, 0, pages) == 1);
	mm_destroy(child);
	space_poke(mm, SMALL_AT, 2);
	EXPECT_EQ(words_of(pages[0])[0], 1);
	EXPECT_EQ(space_peek(mm, SMALL_AT), 2);
	put_user_pages(pages, 1, false);
	mm_destroy(mm);
}
KTEST(a_plain_reference_sees_no_later_secret, 0);

/* A page that is used stays in memory; else it can be swapped out while it is shared. */
static void a_used_page_is_not_swapped_out(void)
{
	struct ramdisk disk;

	REQUIRE(ramdisk_create(&disk, 10) == 0);
	EXPECT_EQ(swapon(&disk), 0);
	for_each_level(level) for (u32 k = 0; k < BOTH; k++)
	{
		struct mm_struct *mm = space_create(level, 1, NULL);
		u64 at = range_at(level);
		struct page *pages[1];

		REQUIRE(mm && getters[k](mm, at + 5 * PAGE_SIZE * (u64)(level - 1), 1, FOLL_WRITE,
					 pages) == 1);
		EXPECT_EQ(swap_out(mm, at), (u64)-EBUSY);
		EXPECT(space_page(mm, at) == user_page_head(pages[0]));
		EXPECT_EQ(ramdisk_used(&disk), 0);
		putters[k](pages, 1, false);
		EXPECT_EQ(swap_out(mm, at), 0);
		EXPECT(!space_page(mm, at));
		/* a reference brings it back */
		EXPECT_EQ(getters[k](mm, at, 1, FOLL_WRITE, pages), 1);
		EXPECT_EQ(ramdisk_used(&disk), 0);
		putters[k](pages, 1, false);
		mm_destroy(mm);
	}
	EXPECT_EQ(swapoff(), 0);
	EXPECT_EQ(ramdisk_destroy(&disk), 0);
}
KTEST(a_used_page_is_not_swapped_out, 0);

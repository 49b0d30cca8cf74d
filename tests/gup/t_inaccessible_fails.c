// SPDX-License-Identifier: MIT
/*
 * Private pages for which there is no memory: large pages of the direct map that cannot be split,
 * and owners that do not give a page back.
 */
#define KTEST_SUITE "inaccessible"

#include "kernel/lib/atomic.h"
#include "mm/gup/gup.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "tests/gup/place.h"
#include "tests/harness/drain.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

#define BLOCKS 12

/* Chooses, of many large pages, one that a large page of the direct map has, too. */
static bool find_unsplit(struct place *p)
{
	EXPECT_EQ(mm_map(p->mm, LARGE_AT + BLOCKS * level_size(2), BLOCKS * level_size(2),
			 VM_WRITE | VM_LARGE, NULL, 0),
		  0);
	for (u32 i = BLOCKS; i < 2 * BLOCKS; i++) {
		u64 va = LARGE_AT + i * level_size(2) + PLACE_MIDDLE * PAGE_SIZE;
		struct page *page;
		struct pgwalk walk;

		if (!EXPECT_EQ(pin_user_pages(p->mm, va, 1, FOLL_WRITE, &page), 1))
			return false;
		unpin_user_pages(&page, 1, false);
		p->va = va;
		p->page = page;
		p->direct = page_to_virt(page);
		*p->direct = PLACE_VALUE;
		if (pgtable_walk(kernel_root, (u64)p->direct, &walk) && walk.last > 1)
			return true;
	}
	return false;
}

/* Calls play() for each arm, without memory, on a block that the direct map has in one piece. */
static void without_memory(enum guest_arm first, void (*prepare)(struct place *p),
			   void (*play)(struct place *p))
{
	for (enum guest_arm arm = first; arm < (pks_present ? GUEST_ARMS : GUEST_KEY); arm++) {
		struct drain drain;
		struct place p;

		REQUIRE(place_get(&p, arm, 2));
		if (find_unsplit(&p)) {
			prepare(&p);
			drain_all(&drain);
			play(&p);
			drain_undo(&drain);
		} else {
			ktest_skip("all pages of the direct map have been split");
		}
		place_put(&p);
	}
}

static void prepare_nothing(struct place *p)
{
	place_expect(p, false);
}

static void hide_one_frame(struct place *p)
{
	EXPECT_EQ(guest_make_private(&p->guest, p->page, 1), (u64)-ENOMEM);
	EXPECT_EQ(p->page->flags & PG_PRIVATE, 0);
	EXPECT_EQ(p->guest.private, 0);
	EXPECT_NO_FAULT(probe_write(p->direct, PLACE_VALUE), "it is not private");
}

/* A large page of the direct map must be split, and there is no memory: nothing has changed. */
static void a_split_that_fails_hides_nothing(void)
{
	without_memory(GUEST_UNMAP, prepare_nothing, hide_one_frame);
}
KTEST(a_split_that_fails_hides_nothing, KT_RAM);

static void hide_the_block(struct place *p)
{
	accessible_hook_set(ACCESSIBLE_GUP);
	EXPECT_EQ(guest_make_private(&p->guest, user_page_head(p->page), BLOCK_PAGES), 0);
}

/* Of a block under a key as a whole one frame is wanted: the error is that of the pin. */
static void pin_one_frame(struct place *p)
{
	u64 error = PF_P | PF_PK, value;
	struct page *page;

	EXPECT_EQ(pin_user_pages(p->mm, p->va, 1, FOLL_WRITE, &page), (u64)-ENOMEM);
	EXPECT_EQ(user_page_count(p->page, USERS_PIN), 0);
	EXPECT_EQ(guest_make_shared(&p->guest, p->page, 1), (u64)-ENOMEM);
	EXPECT_EQ(p->guest.private, BLOCK_PAGES);
	EXPECT(p->page->flags & PG_PRIVATE);
	EXPECT_PAGE_FAULT(probe_read(p->direct, &value), error, p->direct, "it stays private");
	/* all of it needs no split */
	EXPECT_EQ(guest_make_shared(&p->guest, user_page_head(p->page), BLOCK_PAGES), 0);
	EXPECT_NO_FAULT(probe_read(p->direct, &value), "it is shared");
}

/* Frames that are not present are small pages, so to share them takes no memory; keys may. */
static void a_split_that_fails_shares_nothing(void)
{
	without_memory(GUEST_KEY, hide_the_block, pin_one_frame);
}
KTEST(a_split_that_fails_shares_nothing, KT_ENFORCED | KT_RAM);

static int fail_to_release(struct page_guard *guard, struct page *page, u64 n)
{
	(void)guard;
	(void)page;
	(void)n;
	return -ENOMEM;
}

/* The owner does not give a page back: the kernel must do without it, and says so. */
static void a_page_that_is_not_given_back_is_lost(void)
{
	struct page_guard guard = { .release = fail_to_release };

	for_each_level(level)
	{
		u64 lost = accessible_stats.lost, free = pages_free();
		struct page *page = user_page_alloc(level), *last;

		REQUIRE(page);
		last = page + level_pages(level) - 1;
		page->guard = &guard;
		atomic_or(PG_PRIVATE, &last->flags);
		user_page_put(page, USERS_MAP);
		EXPECT_EQ(accessible_stats.lost - lost, 1);
		EXPECT_EQ(free - pages_free(), level_pages(level));
		EXPECT_EQ(page->flags & PG_USER, PG_USER);
		/* it can still be given back */
		atomic_and((u8)~PG_PRIVATE, &last->flags);
		page->users = USERS_MAP;
		user_page_put(page, USERS_MAP);
		EXPECT_EQ(accessible_stats.lost - lost, 1);
		EXPECT_EQ(pages_free(), free);
	}
}
KTEST(a_page_that_is_not_given_back_is_lost, KT_RAM);

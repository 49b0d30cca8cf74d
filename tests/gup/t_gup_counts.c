// SPDX-License-Identifier: MIT
/*
 * The count of a page's users, with another user between any two instructions of a change: one
 * event and none after it. What this cannot know: two CPUs, whose loads may be of different times.
 */
#define KTEST_SUITE "gup"

#include "mm/gup/gup.h"
#include "tests/gup/space.h"
#include "tests/harness/expect.h"
#include "tests/harness/inject.h"

/* The test's thread writes it, and the #DBs that it raises. */
static struct {
	struct page *page;
	u32 at, steps; /* the event comes at which step, and is the last */
} other;

static bool one_more(struct regs *regs)
{
	if (other.steps++ == other.at) {
		regs->rflags &= ~(u64)RFLAGS_TF;
		EXPECT_EQ(user_page_grab(other.page, USERS_GET), 0);
	}
	return true;
}

static void grab(void *page)
{
	EXPECT_EQ(user_page_grab(page, USERS_PIN), 0);
}

static void put(void *page)
{
	user_page_put(page, USERS_PIN);
}

/*
 * Steps through a change of the number of pins, which must leave `pins` and the event's user.
 * False: the change was over before the event.
 */
static bool change(void (*fn)(void *), u64 pins)
{
	bool came;

	other.steps = 0;
	single_step(fn, other.page, one_more);
	came = other.steps > other.at;
	EXPECT_EQ(user_page_count(other.page, USERS_PIN), pins);
	EXPECT_EQ(user_page_count(other.page, USERS_GET), came);
	EXPECT_EQ(user_page_count(other.page, USERS_MAP), 1);
	if (user_page_count(other.page, USERS_GET))
		user_page_put(other.page, USERS_GET);
	return came;
}

static void counts_survive_one_event(void)
{
	struct mm_struct *mm = space_create(1, 1, NULL);
	bool grabs, puts;

	REQUIRE(mm && pin_user_pages(mm, SMALL_AT, 1, 0, &other.page) == 1);
	other.at = 0;
	do {
		grabs = change(grab, 2);
		puts = change(put, 1);
		other.at++;
	} while (grabs || puts);
	EXPECT(other.at > 10);
	unpin_user_pages(&other.page, 1, false);
	mm_destroy(mm);
}
KTEST(counts_survive_one_event, KT_ONE_CPU);

/* The pin is noted as dirty before it is given up: behind that the frame is somebody else's. */
static void a_page_that_ends_with_its_pin_is_free_of_notes(void)
{
	for_each_level(level)
	{
		struct mm_struct *mm = space_create(level, 1, NULL);
		struct page *page;

		REQUIRE(mm);
		EXPECT_EQ(pin_user_pages(mm, range_at(level), 1, FOLL_WRITE, &page), 1);
		mm_destroy(mm);
		unpin_user_pages(&page, 1, true);
		EXPECT_EQ(page->flags & ~(u32)PG_FREE, 0);
	}
}
KTEST(a_page_that_ends_with_its_pin_is_free_of_notes, KT_RAM);

// SPDX-License-Identifier: MIT
/*
 * One address space, all CPUs: user memory is written, pinned, swapped out and forked at the
 * same time. What this cannot know: orders that the machine does not play; seed= and repeat=
 * give others.
 */
#define KTEST_SUITE "gup"

#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/random.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/gup/fork.h"
#include "mm/gup/guest.h"
#include "mm/gup/gup.h"
#include "mm/gup/swap.h"
#include "mm/gup/uaccess.h"
#include "mm/gup/writeback.h"
#include "mm/page_alloc.h"
#include "tests/gup/space.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"

#define PAGES 4

static struct race {
	struct mm_struct *mm;
	struct ramdisk disk;
	struct guest guest;
	u64 done; /* rounds of the writer; it alone writes this */
	bool over;
	struct page *page; /* a pinned one, for all */
	u64 asked;         /* times that the guest shared; atomic */
} race;

static u64 at(u64 page)
{
	return SMALL_AT + page * PAGE_SIZE;
}

/*
 * User mode: counts in the first word of one page after the other, so that at each moment no page
 * is ahead of the one before it, and none is more than one behind.
 */
static int count_up(void *arg)
{
	u64 value;

	(void)arg;
	for (u64 i = 1; !READ_ONCE(race.over); i++) {
		for (u64 k = 0; k < PAGES; k++) {
			EXPECT_EQ(copy_from_user(&value, at(k), 8), 0);
			if (value != i - 1)
				EXPECT_EQ(value, i - 1);
			EXPECT_EQ(copy_to_user(at(k), &i, 8), 0);
		}
		WRITE_ONCE(race.done, i);
		thread_yield();
	}
	return 0;
}

/*
 * A pinned page is the one that user mode sees, with a plain reference beside it, older or younger:
 * it counts on, and never back.
 */
static void pin_one(u64 page)
{
	bool before = random_next() & 1;
	struct page *pinned, *plain;
	u64 now, last = 0;

	if (before && !EXPECT_EQ(get_user_pages(race.mm, at(page), 1, 0, &plain), 1))
		return;
	if (!EXPECT_EQ(pin_user_pages(race.mm, at(page), 1, 0, &pinned), 1))
		return;
	if (!before && !EXPECT_EQ(get_user_pages(race.mm, at(page), 1, 0, &plain), 1))
		return;
	for (u32 i = 0; i < 20; i++) {
		u64 done = READ_ONCE(race.done);

		now = READ_ONCE(*(u64 *)page_to_virt(pinned));
		if (now < last || now < done || now > READ_ONCE(race.done) + 1)
			ktest_fail(__FILE__, __LINE__, "pinned page %lu: %lu after %lu, %lu done",
				   page, now, last, done);
		last = now;
	}
	put_user_pages(&plain, 1, false);
	unpin_user_pages(&pinned, 1, false);
}

/* A child has the memory of one moment, and what the parent writes later does not change it. */
static void fork_once(void)
{
	u64 before = READ_ONCE(race.done), value[PAGES];
	struct mm_struct *child;

	if (!EXPECT_EQ(mm_fork(race.mm, &child), 0))
		return;
	for (u32 round = 0; round < 2; round++)
		for (u64 k = 0; k < PAGES; k++) {
			struct page *page;
			u64 now;

			if (!EXPECT_EQ(get_user_pages(child, at(k), 1, 0, &page), 1))
				continue;
			now = *(u64 *)page_to_virt(page);
			put_user_pages(&page, 1, false);
			if (round ? now != value[k]
				  : now < before ||
					    (k && (now > value[k - 1] || now + 1 < value[k - 1])))
				ktest_fail(__FILE__, __LINE__, "child's page %lu: %lu, round %u", k,
					   now, round);
			if (!round)
				value[k] = now;
		}
	mm_destroy(child);
}

/* Begins when the writer has. */
static void disturb(u32 member, void *arg)
{
	(void)arg;
	while (!READ_ONCE(race.done))
		thread_yield();
	for (u32 n = 0; n < ktest_rounds() / 4; n++) { /* each shoots down, and waits for a lock */
		u64 page = random_next() % PAGES;
		int err;

		switch ((member + n) % 3) {
		case 0:
			err = swap_out(race.mm, at(page));
			if (err && err != -EBUSY && err != -ENOENT)
				EXPECT_EQ(err, 0);
			break;
		case 1:
			pin_one(page);
			break;
		default:
			fork_once();
		}
		thread_yield();
	}
	ktest_checked();
}

static void race_begin(void)
{
	u64 zero = 0;
	struct page *page;

	race = (struct race){ 0 };
	EXPECT_EQ(ramdisk_create(&race.disk, 6), 0);
	EXPECT_EQ(swapon(&race.disk), 0);
	race.mm = space_create(1, PAGES, NULL);
	for (u64 k = 0; k < PAGES; k++)
		if (EXPECT_EQ(pin_user_pages(race.mm, at(k), 1, FOLL_WRITE, &page), 1)) {
			*(u64 *)page_to_virt(page) = zero;
			unpin_user_pages(&page, 1, false);
		}
}

static void race_end(void)
{
	mm_destroy(race.mm);
	EXPECT_EQ(ramdisk_used(&race.disk), 0);
	EXPECT_EQ(swapoff(), 0);
	EXPECT_EQ(ramdisk_destroy(&race.disk), 0);
}

static void pins_swap_and_fork_leave_each_other_right(void)
{
	struct thread *writer;

	race_begin();
	if (EXPECT(race.mm)) {
		writer = mm_thread(race.mm, "writer", count_up, NULL);
		REQUIRE(writer);
		percpu_run(disturb, NULL);
		WRITE_ONCE(race.over, true);
		EXPECT(!thread_join(writer).died);
		race_end();
	}
}
KTEST(pins_swap_and_fork_leave_each_other_right, KT_STRESS);

/* All pin and unpin; one destroys the address space after its last pin. No count is lost. */
static void pin_all(u32 member, void *arg)
{
	struct page *pages[PAGES], *kept;

	(void)arg;
	for (u32 i = 0; i < 4 * ktest_rounds(); i++) {
		EXPECT_EQ(pin_user_pages(race.mm, SMALL_AT, PAGES, 0, pages), PAGES);
		unpin_user_pages(pages, PAGES, false);
	}
	EXPECT_EQ(pin_user_pages(race.mm, SMALL_AT, 1, 0, &kept), 1);
	percpu_meet();
	for (u32 i = 0; i < 200 * ktest_rounds(); i++) { /* with no lock around it */
		EXPECT_EQ(user_page_grab(kept, USERS_GET), 0);
		user_page_put(kept, USERS_GET);
	}
	percpu_meet();
	if (!member) {
		EXPECT_EQ(user_page_count(kept, USERS_PIN), cpu_count);
		EXPECT_EQ(user_page_count(kept, USERS_GET), 0);
		race.page = kept;
		race_end(); /* the owner is gone, and all pins are there */
	}
	percpu_meet();
	unpin_user_pages(&kept, 1, false); /* the last one frees the frame */
}

static void pins_of_all_cpus_are_counted(void)
{
	u64 free = pages_free();

	race_begin();
	REQUIRE(race.mm);
	percpu_run(pin_all, NULL);
	EXPECT_EQ(race.page->flags & PG_USER, 0);
	race_begin(); /* once more, now that there are stacks for the threads */
	free = pages_free();
	race_end();
	race_begin();
	percpu_run(pin_all, NULL);
	EXPECT(pages_free() >= free);
}
KTEST(pins_of_all_cpus_are_counted, 0);

static int count_request(struct guest *guest, struct page *page)
{
	(void)guest;
	(void)page;
	atomic_inc(&race.asked);
	return 0;
}

/* A guest that takes its page back whenever it can: but a pinned page can always be read. */
static void take_back(u32 member, void *arg)
{
	struct page *page;
	u64 value;

	(void)arg;
	for (u32 i = 0; i < 10 * ktest_rounds(); i++) {
		int err = -EBUSY;

		if (member == 0 || cpu_count == 1)
			err = guest_make_private(&race.guest, race.page, 1);
		EXPECT(err == 0 || err == -EBUSY || err == -EINVAL);
		if (member == 0 && cpu_count > 1)
			continue;
		if (!EXPECT_EQ(pin_user_pages(race.mm, SMALL_AT, 1, 0, &page), 1))
			return;
		for (u32 k = 0; k < 5; k++)
			EXPECT_NO_FAULT(probe_read(page_to_virt(page), &value), "it is pinned");
		unpin_user_pages(&page, 1, false);
	}
}

/* The same against writeback, which pins nothing of the user's but its own page. */
static void take_back_from_writeback(u32 member, void *arg)
{
	s64 block = ramdisk_alloc(&race.disk, 1);

	(void)arg;
	if (!EXPECT(block >= 0))
		return;
	for (u32 i = 0; i < 10 * ktest_rounds(); i++) {
		if (member == 0 || cpu_count == 1)
			guest_make_private(&race.guest, race.page, 1);
		if (member > 0 || cpu_count == 1)
			EXPECT_EQ(writeback_pages(&race.disk, (u64)block, race.page, 1), 0);
	}
	ramdisk_put(&race.disk, (u64)block, 1);
}

/* `private`: the page is so at first, so that the guest is asked at least once. */
static void play_guest(enum guest_arm arm, bool private, void (*play)(u32, void *))
{
	race_begin();
	REQUIRE(race.mm && guest_init(&race.guest, arm) == 0);
	race.guest.may_share = count_request;
	accessible_hook_set(ACCESSIBLE_GUP);
	race.page = space_page(race.mm, SMALL_AT);
	if (private)
		EXPECT_EQ(guest_make_private(&race.guest, race.page, 1), 0);
	percpu_run(play, NULL);
	accessible_hook_set(ACCESSIBLE_NEVER);
	EXPECT(race.asked > 0);
	race_end();
	EXPECT_EQ(guest_exit(&race.guest), 0);
}

static void a_pin_holds_off_the_guest_on_all_cpus(void)
{
	play_guest(GUEST_UNMAP, true, take_back);
	if (pks_present)
		play_guest(GUEST_KEY, true, take_back);
}
KTEST(a_pin_holds_off_the_guest_on_all_cpus, KT_STRESS);

static void writeback_holds_off_the_guest_on_all_cpus(void)
{
	play_guest(GUEST_UNMAP, true, take_back_from_writeback);
	if (pks_present)
		play_guest(GUEST_KEY, true, take_back_from_writeback);
}
KTEST(writeback_holds_off_the_guest_on_all_cpus, KT_STRESS);

/* All CPUs ask for a page at once: its guest is asked once for each time that it took it. */
static void ask_together(u32 member, void *arg)
{
	u64 value;

	(void)arg;
	for (u32 i = 1; i <= 2 * ktest_rounds(); i++) {
		if (!member)
			EXPECT_EQ(guest_make_private(&race.guest, race.page, 1), 0);
		percpu_meet();
		EXPECT_EQ(arch_make_page_accessible(race.page), 0);
		EXPECT_NO_FAULT(probe_read(page_to_virt(race.page), &value), "it was shared");
		percpu_meet();
		EXPECT_EQ(READ_ONCE(race.asked), i);
		percpu_meet();
	}
}

static void a_page_is_shared_once_for_all_who_ask(void)
{
	play_guest(GUEST_UNMAP, false, ask_together);
	if (pks_present)
		play_guest(GUEST_KEY, false, ask_together);
}
KTEST(a_page_is_shared_once_for_all_who_ask, 0);

// SPDX-License-Identifier: MIT
/*
 * Threads of one address space on several CPUs: what a CPU's TLB holds must not outlive its entry,
 * faults meet, and fork is one moment. What this cannot know: a CPU that forgets translations by
 * itself hides that a flush is missing.
 */
#define KTEST_SUITE "gup"

#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "kernel/thread.h"
#include "mm/gup/fork.h"
#include "mm/gup/gup.h"
#include "mm/gup/swap.h"
#include "mm/gup/uaccess.h"
#include "tests/gup/space.h"
#include "tests/harness/expect.h"
#include "tests/harness/percpu_run.h"

#define PAGES 64

static struct play {
	struct mm_struct *mm, *child;
	struct ramdisk disk;
	struct address_space file;
	int level;
	u64 at;
	bool write;          /* the user writes 1 and then 2; else it reads */
	struct thread *user; /* on cpus[1] */
	u64 seen, left;      /* what it read last, and how many bytes it did not get */
	u64 step;            /* 1: the user has used the page; 2: its entry has changed */
} play;

/* Between the two uses it neither sleeps nor is switched out: its CPU keeps the translation. */
static int use_twice(void *arg)
{
	(void)arg;
	for (u64 n = 1; n <= 2; n++) {
		play.left = play.write ? copy_to_user(play.at, &n, 8)
				       : copy_from_user(&play.seen, play.at, 8);
		if (n == 1)
			smp_store_release(&play.step, 1);
		while (smp_load_acquire(&play.step) != 2)
			cpu_relax();
	}
	return 0;
}

static void start_user(void *fn)
{
	play.user = mm_thread(play.mm, "user", (int (*)(void *))fn, NULL);
}

static void sync_and_write(void)
{
	mm_sync(play.mm);
	writeback_start(&play.file);
	writeback_wait(&play.file);
}

static void unmap_it(void)
{
	EXPECT_EQ(mm_unmap(play.mm, play.at, level_size(play.level)), 0);
}

static void see_it_gone(void)
{
	EXPECT_EQ(play.left, 8);
}

static void share_it(void)
{
	EXPECT_EQ(mm_fork(play.mm, &play.child), 0);
}

/* Who pins a shared page gives user mode a copy. */
static void pin_it(void)
{
	struct page *page;

	if (!EXPECT_EQ(pin_user_pages(play.mm, play.at, 1, 0, &page), 1))
		return;
	*(u64 *)page_to_virt(page) = 77;
	unpin_user_pages(&page, 1, false);
}

static void see_the_copy(void)
{
	EXPECT_EQ(play.left, 0);
	EXPECT_EQ(play.seen, 77);
}

static void see_it_written_twice(void)
{
	EXPECT_EQ(play.file.written, 1);
	sync_and_write();
	EXPECT_EQ(play.file.written, 2);
	EXPECT_EQ(*(u64 *)page_to_virt(play.disk.first), 2);
}

static void see_two_pages(void)
{
	EXPECT_EQ(space_peek(play.child, play.at), 1);
	EXPECT_EQ(space_peek(play.mm, play.at), 2);
}

static void swap_it(void)
{
	EXPECT_EQ(swap_out(play.mm, play.at), 0);
}

static void see_it_back(void)
{
	EXPECT_EQ(space_peek(play.mm, play.at), 2);
}

static const struct change {
	bool write, file;
	void (*before)(void), (*make)(void), (*check)(void);
} changes[] = {
	{ false, false, NULL, unmap_it, see_it_gone },
	{ true, false, NULL, unmap_it, see_it_gone },
	{ false, false, share_it, pin_it, see_the_copy },
	{ true, true, NULL, sync_and_write, see_it_written_twice },
	{ true, false, NULL, share_it, see_two_pages },
	{ true, false, NULL, swap_it, see_it_back },
};

static void play_change(const struct change *c)
{
	space_poke(play.mm, play.at, 1);
	if (c->before)
		c->before();
	if (!percpu_run_on(cpus[1], start_user, (void *)use_twice) || !EXPECT(play.user))
		return;
	while (!smp_load_acquire(&play.step))
		cpu_relax();
	c->make();
	smp_store_release(&play.step, 2);
	EXPECT(!thread_join(play.user).died);
	c->check();
	if (play.child)
		mm_destroy(play.child);
}

static void try_change(int level, const struct change *c)
{
	play = (struct play){ .level = level, .at = range_at(level), .write = c->write };
	REQUIRE(ramdisk_create(&play.disk, 9) == 0);
	EXPECT_EQ(swapon(&play.disk), 0);
	if (c->file)
		REQUIRE(file_create(&play.file, &play.disk, level, 1) == 0);
	play.mm = space_create(level, 1, c->file ? &play.file : NULL);
	REQUIRE(play.mm);
	play_change(c);
	mm_destroy(play.mm);
	if (c->file)
		file_destroy(&play.file);
	EXPECT_EQ(swapoff(), 0);
	EXPECT_EQ(ramdisk_destroy(&play.disk), 0);
}

static void try_changes(void *arg)
{
	(void)arg;
	for_each_level(level) for (u32 i = 0; i < ARRAY_SIZE(changes); i++)
		try_change(level, &changes[i]);
}

static void no_tlb_keeps_what_has_changed(void)
{
	percpu_run_on(cpus[0], try_changes, NULL);
}
KTEST(no_tlb_keeps_what_has_changed, KT_SMP);

static u64 page_at(u64 n)
{
	return SMALL_AT + n * PAGE_SIZE;
}

static u64 word_of(struct mm_struct *mm, u64 va)
{
	struct page *page;
	u64 value;

	if (!EXPECT_EQ(get_user_pages(mm, va & ~(PAGE_SIZE - 1), 1, 0, &page), 1))
		return 0;
	value = ((u64 *)page_to_virt(page))[va % PAGE_SIZE / 8];
	put_user_pages(&page, 1, false);
	return value;
}

/* User mode: the page at play.at follows the first one, and is never ahead of it. */
static int count_in_two_pages(void *arg)
{
	(void)arg;
	for (u64 i = 1; smp_load_acquire(&play.step) < 2; i++) {
		EXPECT_EQ(copy_to_user(page_at(0), &i, 8), 0);
		EXPECT_EQ(copy_to_user(play.at, &i, 8), 0);
		smp_store_release(&play.seen, i);
	}
	return 0;
}

/* All pages but the last are pinned and thus copied, one after the other; the last one is shared.
 */
static void fork_while_it_counts(u64 at)
{
	static struct page *pages[PAGES];

	play = (struct play){ .mm = space_create(1, PAGES, NULL), .at = at };
	REQUIRE(play.mm);
	EXPECT_EQ(pin_user_pages(play.mm, SMALL_AT, PAGES - 1, FOLL_WRITE, pages), PAGES - 1);
	percpu_run_on(cpus[1], start_user, (void *)count_in_two_pages);
	REQUIRE(play.user);
	for (u32 n = 0; n < 10; n++) {
		u64 before = smp_load_acquire(&play.seen), first, last;

		while (smp_load_acquire(&play.seen) < before + 2)
			cpu_relax();
		REQUIRE(mm_fork(play.mm, &play.child) == 0);
		first = word_of(play.child, page_at(0));
		last = word_of(play.child, at);
		EXPECT(last >= before && first >= last && first <= last + 1);
		mm_destroy(play.child);
	}
	smp_store_release(&play.step, 2);
	EXPECT(!thread_join(play.user).died);
	unpin_user_pages(pages, PAGES - 1, false);
	mm_destroy(play.mm);
}

/* The second page is copied long after the first one, or shared. */
static void fork_and_compare(void *arg)
{
	(void)arg;
	fork_while_it_counts(page_at(PAGES - 2));
	fork_while_it_counts(page_at(PAGES - 1));
}

static void a_child_has_the_memory_of_one_moment(void)
{
	percpu_run_on(cpus[0], fork_and_compare, NULL);
}
KTEST(a_child_has_the_memory_of_one_moment, KT_SMP);

/* User mode: all threads touch the same new page at once, each a word of its own. */
static int touch_together(void *arg)
{
	u64 me = (u64)arg, value;

	for (u64 n = 0; n < PAGES; n++) {
		atomic_inc(&play.step);
		while (smp_load_acquire(&play.step) < (n + 1) * cpu_count)
			cpu_relax();
		value = n * cpu_count + me + 1;
		EXPECT_EQ(copy_to_user(page_at(n) + 8 * me, &value, 8), 0);
	}
	return 0;
}

static void touch_here(u32 member, void *arg)
{
	struct thread *t = mm_thread(play.mm, "touch", touch_together, (void *)(u64)member);

	(void)arg;
	if (t)
		thread_join(t);
	else
		ktest_error("no memory for a thread");
}

/* The page of one fault is that of all: no write is lost, and no frame. */
static void threads_of_one_space_fault_at_once(void)
{
	play = (struct play){ .mm = space_create(1, PAGES, NULL) };
	REQUIRE(play.mm);
	percpu_run(touch_here, NULL);
	for (u64 n = 0; n < PAGES; n++)
		for (u64 i = 0; i < cpu_count; i++)
			EXPECT_EQ(word_of(play.mm, page_at(n) + 8 * i), n * cpu_count + i + 1);
	mm_destroy(play.mm);
}
KTEST(threads_of_one_space_fault_at_once, 0);

// SPDX-License-Identifier: MIT
#include "tests/gup/path.h"
#include "kernel/dma/dma.h"
#include "mm/gup/checksum.h"
#include "mm/gup/fork.h"
#include "mm/gup/gup.h"
#include "mm/gup/swap.h"
#include "mm/kmap/kmap.h"
#include "mm/page_alloc.h"
#include "tests/gup/space.h"
#include "tests/harness/expect.h"

#define VALUE  0x5ec2e7
#define MIDDLE 300 /* which frame of a large page is private */

const char *const path_names[PATHS] = {
	"pin",           "get",  "writeback", "swap_out",       "walk",
	"copy_on_write", "kmap", "dma",       "copy_from_user",
};
const char *const reach_names[REACHES] = {
	"prepared", "refused", "held_off", "too_late", "unprepared", "anyway",
};
const char *const hook_names[ACCESSIBLE_HOOKS] = { "never", "gup", "pte" };
const char *const moment_names[MOMENTS] = { "before", "between", "taken_back" };

/* A trial under way. */
struct play {
	const struct path_trial *t;
	struct mm_struct *mm, *child;
	struct ramdisk disk;
	struct address_space file;
	struct guest guest;
	int (*share)(struct page_guard *guard, struct page *page, u64 n); /* the guest's own */
	u64 va;            /* the user address of the private frame */
	struct page *page; /* the frame */
	struct page *copy; /* where its content is to arrive */
	struct accessible_stats before;
	bool has_guest, has_disk; /* set_up() came so far */
	bool held_off;
	int err; /* what the path returned to whoever could do without the page */
};

bool path_has_moment(enum path path, enum moment moment)
{
	switch (moment) {
	case MOMENT_BEFORE:
		return true;
	case MOMENT_BETWEEN: /* these return to their caller, or wait for the worker */
		return path == PATH_PIN || path == PATH_GET || path == PATH_WRITEBACK;
	default: /* these ask the owner, with one hook or another */
		return path < PATH_KMAP;
	}
}

static int refuse(struct guest *guest, struct page *page)
{
	(void)guest;
	(void)page;
	return -EACCES;
}

static void make_private(struct play *p)
{
	int err = guest_make_private(&p->guest, p->page, 1);

	p->held_off = err == -EBUSY;
	if (!p->held_off)
		EXPECT_EQ(err, 0);
}

/* A guest that shares, and on another CPU, as it were, wants the page back at once. */
static int share_and_take_back(struct page_guard *guard, struct page *page, u64 n)
{
	struct play *p = container_of(guard, struct play, guest.guard);
	int err = p->share(guard, page, n);

	if (!err)
		make_private(p);
	return err;
}

static bool set_up(struct play *p)
{
	int level = p->t->level;
	bool file = p->t->path == PATH_WRITEBACK;

	p->copy = page_alloc(0);
	p->has_guest = EXPECT_EQ(guest_init(&p->guest, p->t->arm), 0);
	p->has_disk = EXPECT_EQ(ramdisk_create(&p->disk, level == 1 ? 0 : 9), 0);
	if (!EXPECT(p->copy) || !p->has_guest || !p->has_disk)
		return false;
	EXPECT_EQ(swapon(&p->disk), 0);
	if (file && !EXPECT_EQ(file_create(&p->file, &p->disk, level, 1), 0))
		return false;
	p->share = p->guest.guard.make_accessible;
	if (p->t->moment == MOMENT_TAKEN_BACK)
		p->guest.guard.make_accessible = share_and_take_back;
	accessible_hook_set(ACCESSIBLE_NEVER);
	p->guest.may_share = p->t->refuses ? refuse : NULL;
	p->mm = space_create(level, 1, file ? &p->file : NULL);
	if (!p->mm)
		return false;
	p->va = range_at(level) + (level == 1 ? 0 : MIDDLE * PAGE_SIZE);
	space_poke(p->mm, p->va, VALUE);
	p->page = space_page(p->mm, p->va);
	if (p->t->path == PATH_COPY_ON_WRITE)
		EXPECT_EQ(mm_fork(p->mm, &p->child), 0);
	accessible_hook_set(p->t->hook);
	p->before = accessible_stats;
	return EXPECT(p->page);
}

static void tear_down(struct play *p)
{
	accessible_hook_set(ACCESSIBLE_NEVER);
	if (p->child)
		mm_destroy(p->child);
	if (p->mm)
		mm_destroy(p->mm);
	if (p->file.index)
		file_destroy(&p->file);
	EXPECT_EQ(swapoff(), 0);
	if (p->has_disk)
		EXPECT_EQ(ramdisk_destroy(&p->disk), 0);
	if (p->has_guest)
		EXPECT_EQ(guest_exit(&p->guest), 0);
	if (p->copy)
		page_free(p->copy, 0);
}

static void by_reference(struct play *p)
{
	bool pin = p->t->path == PATH_PIN;
	struct page *page;
	s64 n = (pin ? pin_user_pages : get_user_pages)(p->mm, p->va, 1, FOLL_WRITE, &page);

	if (n < 0) {
		p->err = (int)n;
		EXPECT_EQ(user_page_count(p->page, pin ? USERS_PIN : USERS_GET), 0);
		return;
	}
	EXPECT(page == p->page);
	if (p->t->moment == MOMENT_BETWEEN)
		make_private(p);
	page_copy_out(page_to_virt(p->copy), page);
	(pin ? unpin_user_pages : put_user_pages)(&page, 1, false);
}

static void by_writeback(struct play *p)
{
	mm_sync(p->mm);
	if (p->t->moment == MOMENT_BETWEEN)
		make_private(p);
	writeback_start(&p->file);
	writeback_wait(&p->file);
	EXPECT_EQ(p->file.written + p->file.failed, 1);
	EXPECT_EQ(!(user_page_head(p->page)->flags & PG_DIRTY), p->file.written);
	if (p->file.written)
		page_copy(p->copy, p->disk.first + (p->t->level == 1 ? 0 : MIDDLE));
}

static void by_swap(struct play *p)
{
	p->err = swap_out(p->mm, p->va);
	if (p->err)
		EXPECT(space_page(p->mm, p->va) == p->page);
	else
		page_copy(p->copy, p->disk.first + (p->t->level == 1 ? 0 : MIDDLE));
}

static void by_walk(struct play *p)
{
	u64 frames = level_pages(p->t->level);
	struct mm_checksum sum;

	EXPECT_EQ(mm_checksum(p->mm, range_at(p->t->level), ~0ULL, &sum), 0);
	EXPECT_EQ(sum.pages + sum.skipped + sum.failed, frames);
	EXPECT_EQ(sum.sum, sum.pages == frames ? VALUE : 0);
	p->err = sum.skipped ? -EACCES : 0;
	*(u64 *)page_to_virt(p->copy) = sum.sum;
}

static void by_copy_on_write(struct play *p)
{
	bool reached = space_reaches(p->mm, p->va + 8, true);

	p->err = reached ? 0 : -EACCES;
	EXPECT_EQ(space_page(p->mm, p->va) != p->page, reached);
	if (reached)
		*(u64 *)page_to_virt(p->copy) = space_peek(p->mm, p->va);
}

static void by_kmap(struct play *p)
{
	void *va = kmap(p->page);

	EXPECT(va == page_to_virt(p->page)); /* it cannot say no */
	page_copy_out(page_to_virt(p->copy), p->page);
	kunmap(p->page);
}

static void go(struct play *p)
{
	switch (p->t->path) {
	case PATH_PIN:
	case PATH_GET:
		return by_reference(p);
	case PATH_WRITEBACK:
		return by_writeback(p);
	case PATH_SWAP_OUT:
		return by_swap(p);
	case PATH_WALK:
		return by_walk(p);
	case PATH_COPY_ON_WRITE:
		return by_copy_on_write(p);
	case PATH_KMAP:
		return by_kmap(p);
	case PATH_DMA:
		EXPECT_EQ(dma_copy_by(dma_engine(), page_to_phys(p->copy), page_to_phys(p->page),
				      PAGE_SIZE),
			  0);
		return;
	default:
		*(u64 *)page_to_virt(p->copy) = space_peek(p->mm, p->va);
	}
}

/* What the counts and the content say. */
static enum reach judge(const struct play *p)
{
	u64 asked = accessible_stats.asked - p->before.asked;
	bool refused = accessible_stats.refused != p->before.refused;
	bool arrived = *(u64 *)page_to_virt(p->copy) == VALUE;

	EXPECT_EQ(asked > 1, false);
	if (accessible_stats.unprepared != p->before.unprepared)
		return !arrived ? REACH_UNPREPARED : REACHES;
	if (accessible_stats.too_late != p->before.too_late)
		return refused && !arrived ? REACH_TOO_LATE : REACHES;
	if (refused)
		return p->err == -EACCES && !arrived ? REACH_REFUSED : REACHES;
	if (!arrived || p->err)
		return REACHES;
	return p->held_off ? REACH_HELD_OFF : asked ? REACH_PREPARED : REACH_ANYWAY;
}

/* Nothing is lost, however it came: user mode has its data, and what was dirty gets written. */
static void expect_all_there(struct play *p, enum reach reach)
{
	bool private = reach != REACH_PREPARED && reach != REACH_HELD_OFF;

	EXPECT_EQ(!!(p->page->flags & PG_PRIVATE), private);
	EXPECT_EQ(p->guest.private, private);
	EXPECT_EQ(space_peek(p->mm, p->va), VALUE);
	if (p->t->path != PATH_WRITEBACK || p->file.written)
		return;
	EXPECT_EQ(guest_make_shared(&p->guest, p->page, 1), 0);
	writeback_start(&p->file);
	writeback_wait(&p->file);
	EXPECT_EQ(p->file.written, 1);
	page_copy(p->copy, p->disk.first + (p->t->level == 1 ? 0 : MIDDLE));
	EXPECT_EQ(*(u64 *)page_to_virt(p->copy), VALUE);
}

enum reach path_try(const struct path_trial *t)
{
	struct play p = { .t = t };
	enum reach reach = REACHES;

	if (set_up(&p)) {
		*(u64 *)page_to_virt(p.copy) = 0;
		if (t->moment != MOMENT_BETWEEN)
			make_private(&p);
		go(&p);
		reach = judge(&p);
		/* a page that was swapped out or copied has been freed: its guest counts it out */
		if (space_page(p.mm, p.va) == p.page)
			expect_all_there(&p, reach);
		else
			EXPECT_EQ(space_peek(p.mm, p.va), VALUE);
	}
	tear_down(&p);
	return reach;
}

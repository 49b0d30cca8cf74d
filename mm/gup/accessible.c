// SPDX-License-Identifier: MIT
#include "mm/gup/accessible.h"
#include "kernel/console/console.h"
#include "kernel/console/warn_site.h"
#include "kernel/cpu/extable.h"
#include "kernel/lib/atomic.h"
#include "mm/gup/user_page.h"

struct accessible_stats accessible_stats;
static enum accessible_hook hook_now;
static struct warn_sites sites; /* callers that have met an inaccessible page */

void accessible_hook_set(enum accessible_hook hook)
{
	WRITE_ONCE(hook_now, hook);
}

enum accessible_hook accessible_hook(void)
{
	return READ_ONCE(hook_now);
}

/*
 * A page that is pinned by the caller cannot become private behind this test: the pin comes before
 * the read of PG_PRIVATE, its owner sets that before it reads the pins, and both are full barriers.
 */
int arch_make_page_accessible(struct page *page)
{
	struct page_guard *guard;
	int err;

	if (likely(!(READ_ONCE(page->flags) & PG_PRIVATE)))
		return 0;
	guard = smp_load_acquire(&user_page_head(page)->guard);
	atomic_inc(&accessible_stats.asked);
	err = guard->make_accessible(guard, page, 1);
	if (err)
		atomic_inc(&accessible_stats.refused);
	return err;
}

int pages_make_accessible(struct page *page, u64 n)
{
	int err = 0;

	for (u64 i = 0; i < n && !err; i++)
		err = arch_make_page_accessible(page + i);
	return err;
}

int vm_normal_page(u64 va, pte_t pte, int level, u64 frames, struct page **page)
{
	*page = pte_page(va, pte, level);
	return accessible_hook() == ACCESSIBLE_PTE ? pages_make_accessible(*page, frames) : 0;
}

int pages_release(struct page *head, u64 n)
{
	int err = 0;

	for (u64 i = 0, run; i < n && !err; i += run) {
		bool private = READ_ONCE(head[i].flags) & PG_PRIVATE;

		for (run = 1; i + run < n; run++)
			if (!(READ_ONCE(head[i + run].flags) & PG_PRIVATE) == private)
				break;
		if (private)
			err = head->guard->release(head->guard, head + i, run);
	}
	return err;
}

/* Copies a frame; false: a fault that the fault policy does not pardon came in between. */
static bool copy_frame(void *to, const void *from)
{
	u64 words = PAGE_SIZE / 8;

	asm volatile("1: rep movsq\n2:\n" EXTABLE("1b", "2b", "%c[keep]")
		     : "+c"(words), "+D"(to), "+S"(from)
		     : [keep] "i"(EX_KEEP)
		     : "memory");
	return !words;
}

static int copy(void *to, const void *from, void *caller)
{
	if (likely(copy_frame(to, from)))
		return 0;
	atomic_inc(&accessible_stats.unprepared);
	if (warn_site(&sites, (u64)caller))
		pr("# WARNING: access to an inaccessible page, from %p to %p, by %p"
		   "S\n",
		   from, to, caller);
	return -EFAULT;
}

int page_copy(struct page *to, struct page *from)
{
	return copy(page_to_virt(to), page_to_virt(from), __builtin_return_address(0));
}

int page_copy_out(void *to, struct page *from)
{
	return copy(to, page_to_virt(from), __builtin_return_address(0));
}

// SPDX-License-Identifier: MIT
#include "mm/gup/user_page.h"
#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/lib/string.h"
#include "mm/gup/accessible.h"
#include "mm/page_alloc.h"

static u32 order_of(int level)
{
	return 9 * (u32)(level - 1);
}

struct page *user_page_alloc(int level)
{
	struct page *page = page_alloc(order_of(level));
	u8 flags = level > 1 ? PG_USER | PG_LARGE : PG_USER;

	if (!page)
		return NULL;
	memset(page_to_virt(page), 0, level_size(level));
	page->guard = NULL;
	page->users = USERS_MAP;
	for (u64 i = 0; i < level_pages(level); i++)
		atomic_or(flags, &page[i].flags);
	return page;
}

int user_page_grab(struct page *page, u64 kind)
{
	u64 *users = &user_page_head(page)->users, old = READ_ONCE(*users);

	do {
		if (users_of_kind(old, kind) == USERS_MAX)
			return -ENOMEM;
	} while (!try_cmpxchg(users, &old, old + kind));
	return 0;
}

/* Nobody else knows the block any more. */
static void free_block(struct page *head)
{
	u64 frames = user_page_frames(head);
	u8 flags = PG_USER | PG_LARGE | PG_DIRTY;

	if (pages_release(head, frames)) {
		atomic_inc(&accessible_stats.lost);
		pr("# WARNING: page frame %lu stays private for ever: no memory to give it back\n",
		   page_to_pfn(head));
		return;
	}
	for (u64 i = 0; i < frames; i++)
		atomic_and((u8)~flags, &head[i].flags);
	page_free(head, frames > 1 ? order_of(2) : 0);
}

void user_page_put(struct page *page, u64 kind)
{
	struct page *head = user_page_head(page);
	u64 old = READ_ONCE(head->users);

	BUG_ON(!(READ_ONCE(head->flags) & PG_USER));
	do {
		if (!users_of_kind(old, kind)) {
			pr("# WARNING: page frame %lu has no such user (counts %lx, kind %lx)\n",
			   page_to_pfn(page), old, kind);
			return;
		}
	} while (!try_cmpxchg(&head->users, &old, old - kind));
	if (old == kind)
		free_block(head);
}

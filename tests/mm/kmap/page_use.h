/* SPDX-License-Identifier: MIT */
/* The ways to map a page and to end the map, for an actor (tests/harness/actor.h) to use it. */
#ifndef KEYWARD_TESTS_MM_KMAP_PAGE_USE_H
#define KEYWARD_TESTS_MM_KMAP_PAGE_USE_H

enum page_use_id { PAGE_USE_LOCAL, PAGE_USE_THREAD, PAGE_USE_KMAP, PAGE_USES };

/* Both take a struct page. Of kmap_local_page(), kmap_thread() and kmap(). Thread context. */
struct page_use {
	void (*begin)(void *page), (*end)(void *page);
};

extern const struct page_use page_uses[PAGE_USES];

#endif

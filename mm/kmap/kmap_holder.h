/* SPDX-License-Identifier: MIT */
/* Who has a page mapped for itself: for what goes wrong, and for who takes pages away. */
#ifndef KEYWARD_MM_KMAP_KMAP_HOLDER_H
#define KEYWARD_MM_KMAP_KMAP_HOLDER_H

#include "kernel/thread.h"
#include "mm/page.h"

struct kmap_holder {
	u32 site;                   /* low half of the address of the map's caller */
	u32 thread;                 /* its number; meaningless without a name */
	char name[THREAD_NAME_MAX]; /* empty: a softirq, interrupt or NMI */
};

/*
 * Whether a context has one of `n` pages from `first` mapped by kmap_local_page() or kmap_thread(),
 * and which. What others map or unmap meanwhile is seen or not. Any context but NMI.
 */
bool kmap_holder(const struct page *first, u64 n, struct kmap_holder *holder);

#endif

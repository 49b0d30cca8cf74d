/* SPDX-License-Identifier: MIT */
/*
 * Finds the context that has a page mapped for itself, or a key open: for warnings, and before
 * pages go away or a key gets another owner (pks_key_open(), kernel/cpu/upcalls.h).
 */
#ifndef KEYWARD_MM_KMAP_KMAP_HOLDER_H
#define KEYWARD_MM_KMAP_KMAP_HOLDER_H

#include "kernel/thread.h"
#include "mm/page.h"

struct kmap_holder {
	u32 site;                   /* low half of the address of the map's caller */
	u32 thread;                 /* the thread's number; meaningless without a name */
	char name[THREAD_NAME_MAX]; /* empty: a softirq, interrupt or NMI */
};

/*
 * Returns whether a context has one of `n` pages from `first` mapped by kmap_local_page() or
 * kmap_thread(), and stores which. Racy: concurrent maps and unmaps may be missed. Any context but
 * NMI.
 */
bool kmap_holder(const struct page *first, u64 n, struct kmap_holder *holder);

#endif

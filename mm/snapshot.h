/* SPDX-License-Identifier: MIT */
/*
 * Copies pages that the direct map may refuse: those that are not present there, read-only, or
 * under a key that the caller may not read. Hibernation needs that, and a dump. Linux maps such a
 * page in the direct map for the copy, and unmaps it again (safe_copy_page(),
 * hibernate_map_page()): which can fail where a large page must be split, and lets everybody reach
 * the page meanwhile. Here the copy goes through an alias, a page of each CPU's own; the direct map
 * and its keys are neither asked nor changed.
 */
#ifndef KEYWARD_MM_SNAPSHOT_H
#define KEYWARD_MM_SNAPSHOT_H

#include "kernel/lib/ranges.h"
#include "mm/page.h"

/*
 * Copies a page of RAM or of persistent memory to `to`, page-aligned memory that the caller can
 * write. Where others write the page meanwhile, the copy has some of their stores. The alias is
 * gone when it returns; another CPU could have cached it only by speculation. -ENOMEM: no memory
 * for the alias's page table, which stays for the next call; nothing is copied then. Thread
 * context.
 */
int safe_copy_page(void *to, const struct page *from);

/*
 * Copies each page of `what`, whole pages that have struct pages, in ascending order, and calls
 * each(page, copy, arg) with it; `copy` is valid during the call. When it returns no CPU has an
 * alias. Pages that the call itself uses, and those that others write, are as they were at some
 * time in between: who wants one moment stops the others. -ENOMEM: no memory for the copy or the
 * alias's table; `each` has not been called then. Contexts as tlb_shootdown().
 */
int snapshot(const struct ranges *what,
	     void (*each)(const struct page *page, const void *copy, void *arg), void *arg);

/* Reserves the aliases' addresses. Boot. */
void snapshot_init(void);

#endif

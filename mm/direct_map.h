/* SPDX-License-Identifier: MIT */
/* The direct map: all memory that has struct pages, at DIRECT_BASE + its physical address. */
#ifndef KEYWARD_MM_DIRECT_MAP_H
#define KEYWARD_MM_DIRECT_MAP_H

#include "mm/page.h"

/* The level of the largest pages of RAM: 1, 2 or 3. Read-only after boot. */
extern int direct_map_level;

/*
 * Maps all RAM, in pages of up to `max_level`. The kernel's code and constants, and those of boot/,
 * are read-only here too. Panics if it cannot. Boot.
 */
void direct_map_init(int max_level);

/*
 * Makes n frames not present in the direct map. All else about them stays, their keys too. Their
 * pages become small ones, and no page that is not present is merged: so each frame can always be
 * made present again. No TLB is flushed; the caller does that. -ENOMEM: too little memory for the
 * tables of a split; -EINVAL: no frames, or not all of them have struct pages and a mapping, or one
 * is the kernel's code or constants. After an error nothing has changed. Any context but NMI.
 */
int set_direct_map_invalid_noflush(struct page *page, u64 n);

/*
 * Gives n frames the direct map's default protection: present, writable, not executable, global.
 * Their keys stay, which are for set_memory_pkey() to change. What is not present is in no TLB
 * (SDM Vol. 3A, "Optional Invalidation"): so without a flush the frames can be read at once, and if
 * they were writable, written. Cannot fail for frames that set_direct_map_invalid_noflush() has
 * taken. -ENOMEM: a large page that another function has changed, such as set_memory_np(), must be
 * split. Other errors, and contexts, as above.
 */
int set_direct_map_default_noflush(struct page *page, u64 n);

/* Whether the page is present in the direct map. Racy, if others change that. Any context. */
bool kernel_page_present(const struct page *page);

/*
 * Maps `pages` pages that have struct pages and are no RAM, from `phys` on, in the direct map, with
 * `key` from the first moment: in large pages where their addresses allow it, and no tables are
 * left there from small ones. -ENOMEM: no memory for a table; nothing is mapped then. Contexts as
 * tlb_shootdown(). Nobody else may use the pages meanwhile; an interrupt or an NMI that touches one
 * finds it mapped with the key, or not at all.
 */
int direct_map_add(u64 phys, u64 pages, u32 key);

/* Unmaps them on every CPU, and takes their keys. Tables of split pages stay. Contexts likewise. */
void direct_map_remove(u64 phys, u64 pages);

#endif

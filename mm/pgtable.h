/* SPDX-License-Identifier: MIT */
/*
 * Page tables: walking, mapping, splitting, protection keys. `root` is the physical address in
 * CR3. Changes are serialised by one lock; walks take none, so that a fault can walk whatever it
 * has interrupted (entries are read and written as whole words, and tables are freed only with
 * their address space).
 */
#ifndef KEYWARD_MM_PGTABLE_H
#define KEYWARD_MM_PGTABLE_H

#include "kernel/cpu/insn.h"
#include "kernel/cpu/pte.h"

/* What a walk has found, from the top level down to the entry that ends it. */
struct pgwalk {
	u64 va;
	int top, last;  /* levels: entry[last] is the leaf, or the entry that is not present */
	pte_t entry[6]; /* by level, 1 to 5 */
	bool present;   /* there is a translation; only then the following are valid */
	u64 pa;         /* of va itself */
	u32 key;
	bool user; /* U/S = 1 on every level: a user-mode address (SDM, "Protection Keys") */
	bool writable, executable;
};

extern u64 kernel_root;

/* Walks without touching anything but page tables. False: not present. Any context. */
bool pgtable_walk(u64 root, u64 va, struct pgwalk *walk);

/* The root that this processor uses now. Any context. */
static inline u64 pgtable_current(void)
{
	return read_cr3() & PTE_ADDR;
}

/*
 * Maps [va, va + len) to pa with the flags of `prot`, with pages of up to `max_level` (3: 1 GiB
 * where the processor has it). Nothing may be mapped there. -ENOMEM if a table cannot be had;
 * what was mapped until then stays (callers give back the whole range). Thread context.
 */
int pgtable_map(u64 root, u64 va, u64 pa, u64 len, pte_t prot, int max_level);

/*
 * Unmaps [va, va + len) and flushes it on every processor; leaves must lie inside. As
 * tlb_shootdown().
 */
void pgtable_unmap(u64 root, u64 va, u64 len);

/* Large pages that were split, each into a new table that stays. Any context. */
u64 pgtable_splits(void);

/* Frees the tables of the lower (user) half of an address space, and its root. Thread context. */
void pgtable_free_user(u64 root);

/*
 * Gives the `pages` pages from `va` on the key, splitting large pages that only partly belong to
 * the range, and flushes what changed on every processor: from its return on the new key counts for
 * all, and while it runs either may. -EINVAL: bad range or key, or not everything is mapped;
 * -ENOMEM: a split failed. On an error no key has changed. As tlb_shootdown().
 */
int set_memory_pkey(u64 va, u64 pages, u32 key);

#endif

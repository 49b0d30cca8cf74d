/* SPDX-License-Identifier: MIT */
/*
 * Page tables: walking, mapping, unmapping; mm/split.h splits and merges pages. `root` is the
 * physical address in CR3. One lock serialises changes. Walks take no lock, so that a fault can
 * walk whatever it has interrupted: entries are read and written as whole words, and a walk keeps
 * interrupts off, so that a table which no entry leads to any more can be freed when each CPU has
 * answered an interrupt since.
 */
#ifndef KEYWARD_MM_PGTABLE_H
#define KEYWARD_MM_PGTABLE_H

#include "kernel/cpu/insn.h"
#include "kernel/cpu/pte.h"

/* The result of a walk, from the top level down to the entry that ends it. */
struct pgwalk {
	u64 va;
	int top, last;  /* levels: entry[last] is the leaf, or the entry that is not present */
	pte_t entry[6]; /* by level, 1 to 5 */
	bool present;   /* va has a translation; only then the fields below are valid */
	u64 pa;         /* of va itself */
	u32 key;
	bool user; /* U/S = 1 on every level: a user-mode address (SDM, "Protection Keys") */
	bool writable, executable;
};

extern u64 kernel_root;

/* Walks the tables of `root` for va; touches nothing else. False: not present. Any context. */
bool pgtable_walk(u64 root, u64 va, struct pgwalk *walk);

/* Returns the root that this CPU uses now. Any context. */
static inline u64 pgtable_current(void)
{
	return read_cr3() & PTE_ADDR;
}

/*
 * Maps [va, va + len) to pa with the flags of `prot`, in pages of up to `max_level` (3: 1 GiB where
 * the CPU supports it). Nothing may be mapped there. -ENOMEM if a table cannot be allocated; what
 * was mapped until then stays, and the caller must unmap the whole range. Thread context.
 */
int pgtable_map(u64 root, u64 va, u64 pa, u64 len, pte_t prot, int max_level);

/*
 * Unmaps [va, va + len) and flushes it on every CPU. No leaf may cross the range's ends. Contexts
 * as tlb_shootdown().
 */
void pgtable_unmap(u64 root, u64 va, u64 len);

/* Frees the tables of the lower (user) half of an address space, and its root. Thread context. */
void pgtable_free_user(u64 root);

#endif

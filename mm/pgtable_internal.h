/* SPDX-License-Identifier: MIT */
/* What the files about page tables share. */
#ifndef KEYWARD_MM_PGTABLE_INTERNAL_H
#define KEYWARD_MM_PGTABLE_INTERNAL_H

#include "kernel/cpu/pte.h"
#include "kernel/cpu/spinlock.h"

/* Serialises changes of kernel page tables. kernel/locks.c looks who holds it. */
extern struct spinlock pgtable_lock;

/* Returns the top level: 4 or 5, by CR4.LA57. */
int pgtable_top(void);

/* Returns the table that a non-leaf entry points to. */
pte_t *table_of(pte_t e);

/*
 * Returns the entry for `va` at `level`; with `make`, allocates missing tables. NULL: a table is
 * missing or cannot be allocated, or a larger leaf covers `va`.
 */
pte_t *pgtable_entry(u64 root, u64 va, int level, bool make);

/*
 * Returns the entry of the leaf for `va`, present or not, and its level; a leaf that is not present
 * has its other bits still. NULL: there is none. Locked.
 */
pte_t *pgtable_leaf(u64 root, u64 va, int *level);

/* Switches the allocation of tables from bootmem to page_alloc(). Boot. */
void pgtable_use_allocator(void);

#endif

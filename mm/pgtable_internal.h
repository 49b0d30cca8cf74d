/* SPDX-License-Identifier: MIT */
/* What mm/pgtable.c and mm/set_memory.c share. */
#ifndef KEYWARD_MM_PGTABLE_INTERNAL_H
#define KEYWARD_MM_PGTABLE_INTERNAL_H

#include "kernel/cpu/pte.h"
#include "kernel/cpu/spinlock.h"

/* Serialises changes of kernel page tables. */
extern struct spinlock pgtable_lock;

/* 4 or 5, as CR4.LA57 says. */
int pgtable_top(void);

/* A zeroed table's physical address, or 0. */
u64 table_alloc(void);

/* The table that a non-leaf entry points to. */
pte_t *table_of(pte_t e);

/*
 * The entry for `va` at `level`; with `make`, missing tables are made. NULL: a table is missing or
 * cannot be had, or a larger leaf is in the way.
 */
pte_t *pgtable_entry(u64 root, u64 va, int level, bool make);

/* Tables come from page_alloc() from now on. Boot. */
void pgtable_use_allocator(void);

#endif

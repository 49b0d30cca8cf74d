/* SPDX-License-Identifier: MIT */
/*
 * A paging-structure entry (SDM Vol. 3A, "4-Level Paging and 5-Level Paging"):
 *
 *   63  62:59 58:52  51 ........ 12  11:9  8  7   6 5 4   3   2   1   0
 *   XD  key   avail  address         avail G  PS  D A PCD PWT U/S R/W P
 *
 * In a PTE, bit 7 is PAT. A larger leaf has PAT in bit 12, which its address leaves free.
 *
 * The key counts only in the entry that maps the page (a PTE, or a PDE or PDPTE with PS = 1); the
 * same bits of other entries are ignored.
 */
#ifndef KEYWARD_KERNEL_CPU_PTE_H
#define KEYWARD_KERNEL_CPU_PTE_H

#include "kernel/lib/types.h"

typedef u64 pte_t;

#define PTE_P   BIT(0)
#define PTE_W   BIT(1)
#define PTE_U   BIT(2)
#define PTE_PWT BIT(3)
#define PTE_PCD BIT(4)
#define PTE_A   BIT(5)
#define PTE_D   BIT(6)
#define PTE_PS  BIT(7)
#define PTE_G   BIT(8)
#define PTE_NX  BIT(63)

#define PTE_PAT       BIT(7)  /* of a PTE */
#define PTE_PAT_LARGE BIT(12) /* of a larger leaf */
#define PTE_SPLIT     BIT(9)  /* ours, of an entry with a table: it replaces a leaf; mm/split.h */

#define PTE_ADDR      0x000ffffffffff000ULL
#define PTE_KEY_SHIFT 59
#define PTE_KEY_MASK  (0xfULL << PTE_KEY_SHIFT)

/* Bits of a mapping. A and D are set from the start: nothing in the kernel reads them. */
#define PTE_RW_DATA (PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX)
#define PTE_RO_DATA (PTE_P | PTE_A | PTE_NX)
#define PTE_TEXT    (PTE_P | PTE_A)
#define PTE_MMIO    (PTE_RW_DATA | PTE_PCD | PTE_PWT)

/* The direct map's default protection. */
#define PTE_DIRECT (PTE_RW_DATA | PTE_G)

static inline u32 pte_key(pte_t e)
{
	return (u32)((e & PTE_KEY_MASK) >> PTE_KEY_SHIFT);
}

static inline pte_t pte_with_key(pte_t e, u32 key)
{
	return (e & ~PTE_KEY_MASK) | (pte_t)key << PTE_KEY_SHIFT;
}

/* Levels count as in the walk: 1 = PT, 2 = PD, 3 = PDPT, 4 = PML4, 5 = PML5. */
static inline u64 level_size(int level)
{
	return 1ULL << (12 + 9 * (level - 1));
}

static inline u32 level_index(u64 va, int level)
{
	return va >> (12 + 9 * (level - 1)) & 511;
}

/* Where no page can be mapped PS is reserved, so 0; in a PTE the bit means something else. */
static inline bool pte_is_leaf(pte_t e, int level)
{
	return level == 1 || e & PTE_PS;
}

#endif

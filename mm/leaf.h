/* SPDX-License-Identifier: MIT */
/* A large leaf as 512 smaller ones, and back. Pure: the host tests it too. */
#ifndef KEYWARD_MM_LEAF_H
#define KEYWARD_MM_LEAF_H

#include "kernel/cpu/pte.h"

/*
 * Returns leaf i of the 512 that translate like `leaf`, which is of `level`, 2 or 3: the same
 * rights, key, type, flags and presence. PAT moves where the parts are PTEs.
 */
static inline pte_t leaf_part(pte_t leaf, int level, u32 i)
{
	pte_t part = leaf;

	if (level == 2)
		part = (leaf & ~(PTE_PS | PTE_PAT_LARGE)) | (leaf & PTE_PAT_LARGE ? PTE_PAT : 0);
	return part + i * level_size(level - 1);
}

/*
 * Returns the leaf of `level`, 2 or 3, that translates like the 512 leaves of `table`, or 0 if
 * there is none: they must be present and adjacent, begin at an address that suits the large leaf,
 * and be alike but for A and D. A CPU may still set D in an entry of the table, so the leaf counts
 * as accessed, and as dirty if it is writable. What is not present is never merged: it can then be
 * made present again without a table.
 */
static inline pte_t leaf_whole(const pte_t *table, int level)
{
	pte_t first = table[0], flags = 0, large = level > 2 ? PTE_PS : 0;

	if (!(first & PTE_P) || (first & large) != large)
		return 0;
	if (first & PTE_ADDR & (level_size(level) - 1) & ~(large ? PTE_PAT_LARGE : 0))
		return 0;
	for (u32 i = 0; i < 512; i++) {
		if ((table[i] ^ (first + i * level_size(level - 1))) & ~(PTE_A | PTE_D))
			return 0;
		flags |= table[i] & (PTE_A | PTE_D);
	}
	if (level == 2 && first & PTE_PAT)
		first = (first & ~PTE_PAT) | PTE_PAT_LARGE;
	return first | PTE_PS | flags | PTE_A | (first & PTE_W ? PTE_D : 0);
}

#endif

/* SPDX-License-Identifier: MIT */
/* What must hold of the direct map whatever has been done to it: in the paranoid build. */
#ifndef KEYWARD_MM_DIRECT_MAP_CHECK_H
#define KEYWARD_MM_DIRECT_MAP_CHECK_H

#include "kernel/lib/config.h"

/*
 * Walks all of the direct map, and panics with the address of what is not so:
 *
 *   - each leaf, present or not, maps the frame at its own address;
 *   - its key is the one that the struct pages of its first and last frame have;
 *   - each entry above it permits everything, so that the leaf alone decides;
 *   - no leaf is larger than direct_map_init() was told; if it was told small pages, no table
 *     replaces a large one: nothing was split, and nothing ever needs to be.
 *
 * So a small page that is not present can always be made present again: its table is there, and is
 * only merged when all its leaves are present (mm/leaf.h). pgtable_lock held, which is checked too.
 */
#if CONFIG_PARANOID
void direct_map_check(void);
#else
static inline void direct_map_check(void)
{
}
#endif

#endif

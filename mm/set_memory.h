/* SPDX-License-Identifier: MIT */
/* Changing the attributes of mapped memory. */
#ifndef KEYWARD_MM_SET_MEMORY_H
#define KEYWARD_MM_SET_MEMORY_H

#include "kernel/lib/types.h"

/*
 * Each sets one attribute of `pages` pages of the kernel's from `va` on, and flushes them on every
 * CPU, if a TLB could contradict the new attribute. While one runs, the old attribute may apply or
 * the new one; from its return on the new one does, everywhere. Large pages of which only a part
 * would change are split; split pages that become uniform again are merged. So undoing a change can
 * fail too: neighbours may have been changed alike meanwhile, and merged.
 *
 *   pkey      the key. Pages that are not present have one too
 *   np, p     not present, present: all other attributes stay. Large pages stay large, so making a
 *             part of one present again can fail
 *   ro, rw    read-only, writable. Supervisor writes to a read-only page fault if CR0.WP = 1
 *   nx, x     not executable, executable
 *
 * -EINVAL: a bad range or key, or not everything is mapped, present or not; -ENOMEM: too little
 * memory for the tables of a split. After an error nothing has changed. Contexts as
 * tlb_shootdown().
 */
int set_memory_pkey(u64 va, u64 pages, u32 key);
int set_memory_np(u64 va, u64 pages);
int set_memory_p(u64 va, u64 pages);
int set_memory_ro(u64 va, u64 pages);
int set_memory_rw(u64 va, u64 pages);
int set_memory_nx(u64 va, u64 pages);
int set_memory_x(u64 va, u64 pages);

/* Makes the change without a flush and without merging. Errors as above. Any context but NMI. */
struct leaf_change;
int change_memory_noflush(u64 va, u64 pages, const struct leaf_change *change);

#endif

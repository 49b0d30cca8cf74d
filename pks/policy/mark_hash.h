/* SPDX-License-Identifier: MIT */
/*
 * Counts per page frame outside struct page: a fixed table without a lock, for any context, NMI
 * included. Pure, also built on the host.
 *
 * A slot is one word: bits 63:24 the frame's number + 1, bits 23:0 its count; with a count of 0 it
 * is free, whatever its frame. An add starts at the frame's hash and takes the first slot that is
 * free or the frame's, so a frame may have two slots: its count is their sum. Each mark counts
 * itself in `passed` of every slot that it went past, and a lookup ends at a slot that none has
 * passed: so lookups are as short as the marks that exist now require, whatever was marked before.
 */
#ifndef KEYWARD_PKS_POLICY_MARK_HASH_H
#define KEYWARD_PKS_POLICY_MARK_HASH_H

#include "kernel/lib/types.h"

#define MARK_HASH_SLOTS 512
#define MARK_HASH_MAX   0xffffff /* a slot's count */

struct mark_hash {
	u64 slot[MARK_HASH_SLOTS]; /* changed by compare-and-swap, any context */
	/*
	 * Marks that went past each slot; atomic, any context. Counted before the mark is in its
	 * slot and until after it is gone: an NMI or another CPU in between finds too many, and
	 * walks on for nothing, but never too few.
	 */
	u32 passed[MARK_HASH_SLOTS];
	u64 adds; /* number of adds so far: see walk_again() */
};

/* Adds one. False: the table is full, and nothing has changed. `pfn` is below 2^40 - 1. */
bool mark_hash_add(struct mark_hash *hash, u64 pfn);

/* Removes one. False: there is none. */
bool mark_hash_remove(struct mark_hash *hash, u64 pfn);

/* Returns the frame's count. */
u64 mark_hash_count(struct mark_hash *hash, u64 pfn);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Counts per page frame outside struct page: a fixed table without a lock, for any context, NMI
 * included. Pure, also built on the host.
 *
 * A slot is one word: bits 63:24 the frame's number + 1, bits 23:0 its count; 0: never used. A
 * lookup starts at the frame's hash and ends at a slot that was never used. A slot whose count is 0
 * may be taken for another frame, so two adds at the same time may give a frame two slots: its
 * count is their sum.
 */
#ifndef KEYWARD_PKS_POLICY_MARK_HASH_H
#define KEYWARD_PKS_POLICY_MARK_HASH_H

#include "kernel/lib/types.h"

#define MARK_HASH_SLOTS 512
#define MARK_HASH_MAX   0xffffff /* a slot's count */

struct mark_hash {
	u64 slot[MARK_HASH_SLOTS]; /* changed by compare-and-swap, any context */
	u64 adds;                  /* number of adds so far: see walk_again() */
};

/* Adds one. False: the table is full, and nothing has changed. `pfn` is below 2^40 - 1. */
bool mark_hash_add(struct mark_hash *hash, u64 pfn);

/* Removes one. False: there is none. */
bool mark_hash_remove(struct mark_hash *hash, u64 pfn);

/* Returns the frame's count. */
u64 mark_hash_count(struct mark_hash *hash, u64 pfn);

#endif

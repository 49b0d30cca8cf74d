/* SPDX-License-Identifier: MIT */
/*
 * A model of a span of kernel pages: what each operation of mm/set_memory.h and mm/direct_map.h
 * makes of it, page by page, and how many page tables it takes. It shares no code and no constant
 * with the kernel. Pure, built on the host too.
 *
 *   The span begins as leaves of one size, `born`. An operation changes whole pages of its range
 * and nothing else. A leaf that would change in part is cut into 512, and these again, as far as
 * needed; each cut takes a table. invalid leaves only small pages in its range. An operation that
 * flushes then joins 512 leaves that a cut has made, if all are present and alike. An operation
 * that fails is not played: it has done nothing.
 */
#ifndef KEYWARD_TESTS_DIRECT_MAP_MAP_MODEL_H
#define KEYWARD_TESTS_DIRECT_MAP_MAP_MODEL_H

#include "kernel/lib/types.h"

struct map_page {
	bool present, writable, executable;
	u8 key;
	u8 level; /* of its leaf: 1, 2, 3 */
};

struct map_model {
	struct map_page *pages;
	u64 count;  /* a multiple of what a leaf of `born` has; the span is aligned likewise */
	int born;   /* the level of all leaves at first */
	u64 tables; /* that stand for leaves that were cut */
};

/* The operations, those that flush first. */
enum map_op {
	MAP_PKEY,
	MAP_NP,
	MAP_P,
	MAP_RO,
	MAP_RW,
	MAP_NX,
	MAP_X,
	MAP_INVALID, /* set_direct_map_invalid_noflush() */
	MAP_DEFAULT, /* set_direct_map_default_noflush() */
	MAP_OPS
};
#define MAP_FLUSHING MAP_INVALID /* so many flush */

extern const char *const map_op_names[MAP_OPS];

/* Begins anew: present, writable, not executable, key 0, leaves of `born`. */
void map_model_init(struct map_model *model);

/* Plays an operation on the pages [from, from + n); returns how many tables it takes. */
u64 map_model_play(struct map_model *model, enum map_op op, u8 key, u64 from, u64 n);

#endif

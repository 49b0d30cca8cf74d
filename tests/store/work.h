/* SPDX-License-Identifier: MIT */
/*
 * What a store is given to do, and what it must hold then: both follow from a seed and the number
 * of operations alone, so that whoever finds a store again after a loss of power can tell what must
 * be in it. Pure C. Contexts as tests/store/store.h.
 */
#ifndef KEYWARD_TESTS_STORE_WORK_H
#define KEYWARD_TESTS_STORE_WORK_H

#include "tests/store/store.h"

#define STORE_WORK_LONGEST 2048

struct store_work {
	u64 seed;
	u32 most;    /* ids, at most STORE_IDS */
	u32 longest; /* record in bytes, at most STORE_WORK_LONGEST */
	u64 done;    /* operations */
	u32 ids;
	u64 last[STORE_IDS]; /* each id's newest operation */
	u8 want[STORE_WORK_LONGEST], got[STORE_WORK_LONGEST];
};

/* Starts at no operation, as of a store just formatted. */
void store_work_begin(struct store_work *w, u64 seed, u32 most, u32 longest);

/* Notes the next operation as done, without doing it; returns its id. Before: id == w->ids: append.
 */
u32 store_work_skip(struct store_work *w);

/* Does the next operation. 0, or the store's error: it is not noted as done then. */
int store_work_next(struct store_work *w, struct store *s);

/*
 * Compares all records with what they must be after w->done operations. NULL, or what is wrong,
 * with its id; static text.
 */
const char *store_work_check(struct store_work *w, const struct store *s, u32 *id);

#endif

/* SPDX-License-Identifier: MIT */
/* Reading a medium that may hold anything. Contexts as tests/store/store.h. */
#ifndef KEYWARD_TESTS_STORE_STORE_SCAN_H
#define KEYWARD_TESTS_STORE_STORE_SCAN_H

#include "tests/store/store.h"

/*
 * Fills `report`, and with `where` not NULL the place of each id's newest record: where[STORE_IDS].
 * Returns as store_verify().
 */
int store_scan(const struct store_media *media, struct store_report *report, u64 *where);

/*
 * Reads the header of the record at `at`, which must end by `end`, and checks all its bytes.
 * 0, -ENOENT: no record that is as it was written, -EIO: the medium failed.
 */
int store_check_record(const struct store_media *media, u64 at, u64 end,
		       struct store_record *record);

/* Calls fn(arg, at, n) for each part of [from, to) of at most 256 bytes that is not zero. */
int store_each_residue(const struct store_media *media, u64 from, u64 to,
		       int (*fn)(void *arg, u64 at, const u8 *bytes, u64 n), void *arg);

/* The bytes [*from, *to) of a store that should be zero, by number; false: there are no more. */
bool store_free_range(const struct store_super *super, u32 i, u64 *from, u64 *to);

static inline u64 store_area_start(const struct store_super *super, u32 area)
{
	return STORE_LOG + area * store_area_size(super->size);
}

#endif

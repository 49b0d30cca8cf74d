/* SPDX-License-Identifier: MIT */
/*
 * The store (tests/store/store.h) that stray writes are aimed at, and its only user. What each
 * record must hold follows from a seed, the record's number and its version, so a later boot can
 * tell which records are lost. One campaign at a time, in thread context, on one CPU.
 */
#ifndef KEYWARD_TESTS_STRAY_VICTIM_H
#define KEYWARD_TESTS_STRAY_VICTIM_H

#include "tests/store/store.h"
#include "tests/stray/range.h"

#define VICTIM_RECORDS 48

/* What the user knows of its records: that is acknowledged, and must be there after a reboot. */
struct victim_knows {
	u64 seed;
	u32 records;
	u32 version[VICTIM_RECORDS];
};

struct victim {
	struct victim_knows knows;
	u64 operations;
	bool broken; /* the store has refused an operation, and is not used any more */
	stray_in_window_t in_window;
	struct store store;
};

/* What looking at the store again has found. */
struct victim_damage {
	u32 records;     /* lost or wrong */
	bool refused;    /* the store does not open */
	bool unclean;    /* or is not as the last operation left it */
	const char *why; /* what the store says of that, or NULL */
};

/* Formats the range's store, and opens it. False: the test has failed. */
bool victim_start(struct victim *v, u64 seed);

/*
 * One operation of the user: adds a record, replaces one, or reads one back. `dice` chooses. False:
 * the store or what it holds is damaged; a store that is broken is left alone, and the log page
 * written in its place.
 */
bool victim_work(struct victim *v, u64 dice);

/* Reads all that the user knows of. Writes nothing. */
struct victim_damage victim_verify(const struct victim_knows *knows);

#endif

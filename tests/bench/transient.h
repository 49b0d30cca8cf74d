/* SPDX-License-Identifier: MIT */
/*
 * The real machine of flush_reload.h: a page with a key of ours, and the instructions that use what
 * they read there before the fault arrives.
 */
#ifndef KEYWARD_TESTS_BENCH_TRANSIENT_H
#define KEYWARD_TESTS_BENCH_TRANSIENT_H

#include "kernel/cpu/extable.h"
#include "tests/bench/flush_reload.h"

#define TRANSIENT_STRIDE \
	4096 /* bytes from line to line: one page each, as no prefetcher leaves it */

/*
 * Gets the pages; NULL, or why not (static text). `lines`: FR_LINES pages whose lines are used, or
 * NULL for pages of its own. Thread context, as the two below.
 */
const char *transient_setup(u8 *lines);
void transient_teardown(void);

/* Puts FR_OLD into the page, then makes the act once; returns its fault. */
struct fault transient_act(enum fr_act act);

/* Returns what the page of the accesses holds. */
u64 transient_value(void);

/* Plays all acts here; NULL, or why the counts mean nothing. Thread context. */
const char *transient_run(struct flush_reload *r);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Whether a denied access acts transiently: before its fault arrives, instructions after it may run
 * with what it read or wrote, and leave a trace in the cache. The probe flushes 16 lines, makes an
 * access that uses its value as the number of a line, and looks which line loads fast
 * (Flush+Reload: Yarom and Falkner, 2014). It counts, and judges nothing. Pure; the machine is a
 * parameter.
 */
#ifndef KEYWARD_TESTS_BENCH_FLUSH_RELOAD_H
#define KEYWARD_TESTS_BENCH_FLUSH_RELOAD_H

#include "kernel/lib/types.h"

#define FR_LINES  16
#define FR_ROUNDS 1000
#define FR_OLD    5  /* the line of the value in memory */
#define FR_NEW    11 /* the line of the value that is stored */

enum fr_act {
	FR_NOTHING,         /* control: no line is used */
	FR_LOAD_PERMITTED,  /* control: line FR_OLD is used */
	FR_LOAD_DENIED,     /* by AD */
	FR_STORE_PERMITTED, /* control: stores FR_NEW, loads it again, uses that line */
	FR_STORE_DENIED, /* by WD: the load is permitted, and gives the old value or the new one */
	FR_ACTS
};

struct fr_machine {
	void (*flush)(u32 line);
	u64 (*reload)(u32 line); /* loads the line, returns the ticks that it took */
	void (*act)(enum fr_act act);
};

struct flush_reload {
	u64 cached, flushed;        /* ticks of a reload, the medians */
	u64 limit;                  /* a line that takes less was used */
	u32 hot[FR_ACTS][FR_LINES]; /* in how many of FR_ROUNDS the line was used */
};

/* Plays all acts. NULL, or why the counts mean nothing on this machine (static text). */
const char *flush_reload(struct flush_reload *r, const struct fr_machine *m);

/* The largest count of an act's lines other than FR_OLD and FR_NEW: noise. */
u32 fr_others(const struct flush_reload *r, enum fr_act act);

/* "nothing", "load-permitted", ... */
const char *fr_act_name(enum fr_act act);

#endif

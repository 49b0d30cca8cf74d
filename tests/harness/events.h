/* SPDX-License-Identifier: MIT */
/* What an operation costs: its time, and the events that it causes. */
#ifndef KEYWARD_TESTS_HARNESS_EVENTS_H
#define KEYWARD_TESTS_HARNESS_EVENTS_H

#include "kernel/lib/types.h"

/*
 * Counts of kernel/cpu/percpu.h, which each CPU writes for itself. They are read without a lock: an
 * event of another CPU's own counts too, so a test that compares them has the machine to itself.
 */
struct events {
	u64 ticks;            /* of the TSC */
	u64 pkrs_writes;      /* of this CPU; only the paranoid build counts them */
	u64 invlpgs, flushes; /* of all CPUs */
	u64 ipis;             /* those for which this CPU waited */
};

/* Returns the counts so far; the time is read last. Thread context, pinned to a CPU. */
struct events events_now(void);

/* Returns what has come since `before`; the time is read first. On the same CPU. */
struct events events_since(struct events before);

#endif

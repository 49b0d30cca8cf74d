/* SPDX-License-Identifier: MIT */
/*
 * Plays sequences of steps (tests/interleave/sequence.h) on two threads and in interrupts, and
 * compares after each step what has become of the page, the rights and the complaints with what the
 * model says.
 */
#ifndef KEYWARD_TESTS_INTERLEAVE_PLAY_H
#define KEYWARD_TESTS_INTERLEAVE_PLAY_H

#include "kernel/cpu/percpu.h"
#include "tests/interleave/sequence.h"

/* Writes the next sequence to `steps`, SEQUENCE_MAX letters at most; false: there are no more.
 * Called by either thread. */
typedef bool (*play_source)(char *steps, void *arg);

/*
 * The first accesses of the sequence that was played last: f free, p pardoned, s shared (the key is
 * open to all), x dies; the interrupts' among them. Thread context, after play_all().
 */
#define PLAY_CAME 120
const char *play_outcomes(void);

/* What came of them. */
struct play_tally {
	u64 sequences, steps, interrupts;
	u64 free, pardoned, shared, dies; /* accesses */
	u64 differing;                    /* sequences in which machine and model did not agree */
};

/*
 * Plays all that `source` gives under one policy, thread A on processor `a` and B on `b`, and adds
 * to the tally. The first sequences that differ fail the test with a line each. False: it could not
 * begin, and the test has failed. Thread context.
 */
bool play_all(struct pks_policy policy, struct cpu *a, struct cpu *b, play_source source, void *arg,
	      struct play_tally *tally);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Plays sequences of steps (tests/interleave/sequence.h) on two threads and in interrupts, and
 * after each step compares the page, the rights and the warnings with the model.
 */
#ifndef KEYWARD_TESTS_INTERLEAVE_PLAY_H
#define KEYWARD_TESTS_INTERLEAVE_PLAY_H

#include "kernel/cpu/percpu.h"
#include "tests/interleave/sequence.h"

/* Writes the next sequence, at most SEQUENCE_MAX letters, to `steps`. False: there are no more.
 * Either thread calls it. */
typedef bool (*play_source)(char *steps, void *arg);

/*
 * Returns the outcomes of the last sequence's first accesses, also in interrupts: f free, p
 * pardoned, s shared (the key is open to all), x dies. Thread context, after play_all().
 */
#define PLAY_CAME 120
const char *play_outcomes(void);

/* Counts over all sequences played. */
struct play_tally {
	u64 sequences, steps, interrupts;
	u64 free, pardoned, shared, dies; /* accesses */
	u64 differing;                    /* sequences in which kernel and model differed */
};

/*
 * Plays all sequences of `source` under one policy, thread A on CPU `a` and B on `b`, and adds to
 * the tally. The first sequences that differ fail the test with a line each. False: play could not
 * start, and the test has failed. Thread context.
 */
bool play_all(struct pks_policy policy, struct cpu *a, struct cpu *b, play_source source, void *arg,
	      struct play_tally *tally);

#endif

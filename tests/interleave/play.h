/* SPDX-License-Identifier: MIT */
/*
 * Plays sequences of steps (tests/interleave/sequence.h) on two threads and in interrupts, and
 * after each step compares the page, the rights and the warnings with the model.
 */
#ifndef KEYWARD_TESTS_INTERLEAVE_PLAY_H
#define KEYWARD_TESTS_INTERLEAVE_PLAY_H

#include "kernel/cpu/percpu.h"
#include "tests/interleave/sequence.h"

/* Writes the next sequence. False: there are no more. Either thread calls it. */
typedef bool (*play_source)(struct sequence *s, void *arg);

/*
 * Returns the outcomes of the last sequence's first accesses, also in interrupts: f free, p
 * pardoned, s shared (the key is open to all), x dies. Thread context, after play_all().
 */
#define PLAY_CAME 120
const char *play_outcomes(void);

/* Counts over all sequences played. */
struct play_tally {
	u64 sequences, steps, interrupts, deaths;
	u64 free, pardoned, shared, dies; /* accesses */
	u64 differing;                    /* sequences in which kernel and model differed */
};

/*
 * Gets pages with each of the keys, which nobody else may hold. False: the test has failed. Balance
 * with play_end(). Thread context.
 */
bool play_begin(void);
void play_end(void);

/*
 * Plays all sequences of `source` under one policy, thread A on CPU `a` and B on `b`, and adds to
 * the tally. The first sequences that differ fail the test with a line each. False: the policy was
 * refused, and the test has failed. Thread context, between play_begin() and play_end().
 */
bool play_all(struct pks_policy policy, struct cpu *a, struct cpu *b, play_source source, void *arg,
	      struct play_tally *tally);

#endif

/* SPDX-License-Identifier: MIT */
/* What tests/interleave/play.c (whose turn it is) and tests/interleave/play_step.c (what a step
 * does) share. */
#ifndef KEYWARD_TESTS_INTERLEAVE_PLAY_INTERNAL_H
#define KEYWARD_TESTS_INTERLEAVE_PLAY_INTERNAL_H

#include "mm/kmap/kmap_warn.h"
#include "tests/harness/fixture.h"
#include "tests/interleave/play.h"

/* All of it belongs to the thread whose turn it is, and to the interrupt on top of that. */
struct play {
	enum model_who turn; /* handed over with release, taken with acquire; MODEL_CONTEXTS: end */
	struct cpu *cpu[2];
	struct pks_policy policy;
	play_source source;
	void *arg;
	char steps[SEQUENCE_MAX + 1];
	u32 at;    /* the step that is next */
	u32 ended; /* threads that have put their things in order after the last step */
	bool differs;
	struct prot_page page, neighbour;
	volatile u64 *open; /* the page by another address, whose key is open to all */
	struct model model;
	u64 word, tried;        /* in the page's first word; the last value that was made up */
	struct kmap_stats maps; /* the kernel's complaints before the sequence */
	u64 underflows;
	volatile bool interrupted;
	char came[PLAY_CAME + 1]; /* what the accesses of the sequence came to */
	u32 accesses;
	struct play_tally *tally;
};
extern struct play play;

/* The running context's step, one that is neither a yield nor an interrupt; and an interrupt. */
void play_step(char step);
void play_interrupt(void);

/* The hook that the interrupt's vector must have meanwhile. */
bool play_interrupt_handler(struct regs *regs);

/* Compares what can be seen without an access; and what comes of one to the page that nobody maps.
 */
void play_compare(void);
void play_compare_neighbour(void);

#endif

/* SPDX-License-Identifier: MIT */
/* What tests/interleave/play.c (whose turn it is) and tests/interleave/play_step.c (what a step
 * does) share. */
#ifndef KEYWARD_TESTS_INTERLEAVE_PLAY_INTERNAL_H
#define KEYWARD_TESTS_INTERLEAVE_PLAY_INTERNAL_H

#include "mm/kmap/kmap_warn.h"
#include "tests/harness/fixture.h"
#include "tests/interleave/play.h"

/* The thread whose turn it is, and an interrupt on top of it, may touch all of this. */
struct play {
	enum model_who turn; /* passed on by release and acquire; MODEL_CONTEXTS: end */
	struct cpu *cpu[2];
	struct pks_policy policy;
	play_source source;
	void *arg;
	char steps[SEQUENCE_MAX + 1];
	u32 at;    /* the next step */
	u32 ended; /* threads that have cleaned up after the last step */
	bool differs;
	struct prot_page page, neighbour;
	volatile u64 *open; /* the page by another address, under key 0 */
	struct model model;
	u64 word, tried;        /* the page's first word should be; the last value made up */
	struct kmap_stats maps; /* the kernel's counts before the sequence */
	u64 underflows;
	volatile bool interrupted;
	char came[PLAY_CAME + 1]; /* outcomes of the accesses, a letter each */
	u32 accesses;
	struct play_tally *tally;
};
extern struct play play;

/* Takes a step of the running context that is no yield and no interrupt; takes an interrupt. */
void play_step(char step);
void play_interrupt(void);

/* The hook of VECTOR_TEST while sequences play. */
bool play_interrupt_handler(struct regs *regs);

/* Compares all state that needs no access; accesses the neighbour and compares the outcome. */
void play_compare(void);
void play_compare_neighbour(void);

#endif

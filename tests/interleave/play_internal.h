/* SPDX-License-Identifier: MIT */
/* What tests/interleave/play.c (whose turn it is) and tests/interleave/play_step.c (what a step
 * does) share. */
#ifndef KEYWARD_TESTS_INTERLEAVE_PLAY_INTERNAL_H
#define KEYWARD_TESTS_INTERLEAVE_PLAY_INTERNAL_H

#include "kernel/wait.h"
#include "mm/kmap/kmap_warn.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/interleave/play.h"

/* What a context needs to revoke its grants of a key. */
struct play_grants {
	u32 open;
	struct pks_token token[MODEL_NESTED];
};

/* A page that sequences use, and its first word by another address, under key 0. */
struct play_page {
	struct prot_page prot;
	volatile u64 *open;
	u64 word; /* should be there */
};

/* The thread whose turn it is, and an interrupt on top of it, may touch all of this. */
struct play {
	enum model_who turn; /* passed on by release and acquire; MODEL_CONTEXTS: end */
	struct waitq over;   /* the test waits here for the end */
	struct cpu *cpu[2];
	struct thread *thread[2]; /* the players; their successors, if they die */
	struct thread *dead;      /* whom the running player succeeds, until it has joined it */
	struct pks_policy policy;
	play_source source;
	void *arg;
	struct sequence sequence;
	const char *at; /* the next step */
	u32 ended;      /* threads that have cleaned up after the last step */
	bool differs;
	struct play_page pages[PKS_KEYS][2]; /* by key */
	struct play_page *page[MODEL_PAGES]; /* of this sequence */
	struct model model;
	struct play_grants grants[MODEL_CONTEXTS][MODEL_KEYS];
	u64 tried;              /* the last value made up */
	struct kmap_stats maps; /* the kernel's counts before the sequence */
	u64 underflows;
	volatile bool interrupted;
	char came[PLAY_CAME + 1]; /* outcomes of the accesses, a letter each */
	u32 accesses;
	struct play_tally *tally;
};
extern struct play play;

/* Takes the running context's step, one that model_step() takes; takes an interrupt. */
void play_step(struct step step);
void play_interrupt(void);

/* Forgets the grants of a context that has ended. */
void play_forget(enum model_who who);

/* Returns IA32_PKRS less what may be lent to the running context (pardon=global). */
u32 play_register(void);

/* The hook of VECTOR_TEST while sequences play. */
bool play_interrupt_handler(struct regs *regs);

/* Compares all state that needs no access; accesses the second page and compares the outcome. */
void play_compare(void);
void play_compare_neighbour(void);

#endif

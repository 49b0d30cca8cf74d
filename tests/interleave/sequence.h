/* SPDX-License-Identifier: MIT */
/*
 * Sequences of steps (tests/interleave/model.h) for two threads, by number and by name. The turn
 * goes to the other thread by a step of its own, so all strings over the seven kinds of step are
 * all ways in which two threads can take such steps. Pure, built on the host too.
 */
#ifndef KEYWARD_TESTS_INTERLEAVE_SEQUENCE_H
#define KEYWARD_TESTS_INTERLEAVE_SEQUENCE_H

#include "tests/interleave/model.h"

#define SEQUENCE_KINDS  7 /* kmap, kunmap, local map, its end, access, yield, interrupt */
#define SEQUENCE_LENGTH 6
#define SEQUENCES       117649 /* 7^6; all shorter ones are beginnings of these */
#define SEQUENCE_MAX    63     /* steps of one that is given by name */

/* What the kinds stand for in one run through the sequences. */
struct sequence_variant {
	u8 interrupt; /* 0 to STEP_INTERRUPTS - 1: which program */
	u8 local;     /* enum sequence_local */
	bool read;    /* accesses are reads */
};

enum sequence_local {
	LOCAL_WRITES,
	LOCAL_READS,
	LOCAL_BY_TURNS, /* the first is for reading, the next for writing, and so on */
	SEQUENCE_LOCALS,
};

#define SEQUENCE_VARIANTS (STEP_INTERRUPTS * SEQUENCE_LOCALS * 2)

struct sequence_variant sequence_variant(u32 n); /* n < SEQUENCE_VARIANTS */

/* Sequence number n < SEQUENCES as letters. */
void sequence_get(u32 n, struct sequence_variant variant, char steps[SEQUENCE_LENGTH + 1]);

static inline bool step_is_interrupt(char step)
{
	return step >= STEP_INTERRUPT && step < STEP_INTERRUPT + STEP_INTERRUPTS;
}

bool sequence_has_interrupt(const char *steps);

/* Whether all letters are steps, and not too many; else *why says what is wrong, in static text. */
bool sequence_valid(const char *steps, const char **why);

/* What the handler of an interrupt does: steps that are no interrupts and no yields. */
const char *interrupt_program(char step);

/* The policies, of which the first is OFF, kmapped, context; n < SEQUENCE_POLICIES. */
#define SEQUENCE_POLICIES (PKS_MODES * PKS_GATES * PKS_SCOPES)
struct pks_policy sequence_policy(u32 n);

#endif

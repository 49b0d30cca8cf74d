/* SPDX-License-Identifier: MIT */
/*
 * Sequences of steps (tests/interleave/model.h) for two threads, by number and by name. A yield is
 * a step, so the strings over the seven kinds of step are all interleavings of two threads. Pure,
 * built on the host too.
 */
#ifndef KEYWARD_TESTS_INTERLEAVE_SEQUENCE_H
#define KEYWARD_TESTS_INTERLEAVE_SEQUENCE_H

#include "tests/interleave/model.h"

#define SEQUENCE_KINDS  7 /* kmap, kunmap, local map, its end, access, yield, interrupt */
#define SEQUENCE_LENGTH 6
#define SEQUENCES       117649 /* 7^6; shorter ones are prefixes of these */
#define SEQUENCE_MAX    63     /* steps of a sequence given by name */

/* Which letters the kinds of step stand for. */
struct sequence_variant {
	u8 interrupt; /* program, 0 to STEP_INTERRUPTS - 1 */
	u8 local;     /* enum sequence_local */
	bool read;    /* accesses are reads */
};

enum sequence_local {
	LOCAL_WRITES,
	LOCAL_READS,
	LOCAL_BY_TURNS, /* reading, writing, reading, ... */
	SEQUENCE_LOCALS,
};

#define SEQUENCE_VARIANTS (STEP_INTERRUPTS * SEQUENCE_LOCALS * 2)

struct sequence_variant sequence_variant(u32 n); /* n < SEQUENCE_VARIANTS */

/* Writes sequence number n < SEQUENCES as letters. */
void sequence_get(u32 n, struct sequence_variant variant, char steps[SEQUENCE_LENGTH + 1]);

static inline bool step_is_interrupt(char step)
{
	return step >= STEP_INTERRUPT && step < STEP_INTERRUPT + STEP_INTERRUPTS;
}

bool sequence_has_interrupt(const char *steps);

/* Whether `steps` is a sequence that can be played. False: *why is the reason, static text. */
bool sequence_valid(const char *steps, const char **why);

/* The steps of an interrupt's handler; no interrupts and no yields are among them. */
const char *interrupt_program(char step);

/* Policy number n < SEQUENCE_POLICIES; number 0 is OFF, kmapped, context. */
#define SEQUENCE_POLICIES (PKS_MODES * PKS_GATES * PKS_SCOPES)
struct pks_policy sequence_policy(u32 n);

#endif

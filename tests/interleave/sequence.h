/* SPDX-License-Identifier: MIT */
/*
 * Sequences of steps (tests/interleave/model.h) for two threads, by number and by name. A yield is
 * a step, so the strings over the kinds of step are all interleavings of two threads. Pure, built
 * on the host too.
 *
 *     w   an access to the first page       W   to the second page, of the same key
 *     .w  to the page of another key        @5,7 at the end: the numbers of the two keys
 */
#ifndef KEYWARD_TESTS_INTERLEAVE_SEQUENCE_H
#define KEYWARD_TESTS_INTERLEAVE_SEQUENCE_H

#include "tests/interleave/model.h"

#define SEQUENCE_MAX 63 /* characters of a sequence */

struct sequence {
	char steps[SEQUENCE_MAX + 1];
	u8 key[MODEL_KEYS];
};

struct step {
	char letter; /* as in model.h; '\0': the sequence is over */
	enum model_page page;
};

/* Reads the step at `*text`, and moves `*text` behind it. */
struct step step_next(const char **text);

static inline bool step_is_interrupt(char step)
{
	return step >= STEP_INTERRUPT && step < STEP_INTERRUPT + STEP_INTERRUPTS;
}

/* Sequences of six steps about the first page; shorter ones are prefixes of these. */
#define SEQUENCE_KINDS  7 /* kmap, kunmap, local map, its end, access, yield, interrupt */
#define SEQUENCE_LENGTH 6
#define SEQUENCES       117649 /* 7^6 */

/* Which letters the kinds of step stand for. */
struct sequence_variant {
	u8 interrupt; /* program, 0 to SEQUENCE_INTERRUPTS - 1 */
	u8 local;     /* enum sequence_local */
	bool read;    /* accesses are reads */
};

enum sequence_local {
	LOCAL_WRITES,
	LOCAL_READS,
	LOCAL_BY_TURNS, /* reading, writing, reading, ... */
	SEQUENCE_LOCALS,
};

#define SEQUENCE_INTERRUPTS 5 /* programs that are about the first page alone */
#define SEQUENCE_VARIANTS   (SEQUENCE_INTERRUPTS * SEQUENCE_LOCALS * 2)

struct sequence_variant sequence_variant(u32 n); /* n < SEQUENCE_VARIANTS */

/* Writes sequence number n < SEQUENCES as letters. */
void sequence_get(u32 n, struct sequence_variant variant, char steps[SEQUENCE_LENGTH + 1]);

/*
 * Sequences of four steps about two pages: the seven kinds above; the first five of them for the
 * other page, which has the same key or another one; kmap_thread() and its end for each page;
 * grant, revoke, death.
 */
#define WIDE_KINDS     19
#define WIDE_LENGTH    4
#define WIDE_SEQUENCES 260642 /* 2 * 19^4 */

/* Writes number n < WIDE_SEQUENCES; the number chooses what is for reading, and the interrupt. */
void sequence_get_wide(u32 n, struct sequence *s);

/* Writes a sequence of LONG_LENGTH steps from among all there are, chosen by the seed. */
#define LONG_LENGTH 16
void sequence_get_long(u64 seed, struct sequence *s);

/* Sets the keys for sequence n: all pairs of two keys, key 0 only as the second, take turns. */
#define SEQUENCE_KEY_PAIRS 225
void sequence_keys(u32 n, struct sequence *s);

bool sequence_has_interrupt(const char *steps);

/* Reads a sequence by its name. Returns NULL, or the reason why it cannot be played, static text.
 */
const char *sequence_parse(const char *name, struct sequence *s);

/* The steps of an interrupt's handler; no interrupts, yields and deaths are among them. */
const char *interrupt_program(char step);

/* Policy number n < SEQUENCE_POLICIES; number 0 is OFF, kmapped, context. */
#define SEQUENCE_POLICIES (PKS_MODES * PKS_GATES * PKS_SCOPES)
struct pks_policy sequence_policy(u32 n);

#endif

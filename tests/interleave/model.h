/* SPDX-License-Identifier: MIT */
/*
 * What one protected page's marks and its users' rights should be, step by step, by the proposal's
 * rules (docs/EXPERIMENTS.md) alone: a second opinion on the kernel, with no code of it. Two
 * threads and an interrupt on top of either. Pure, built on the host too.
 *
 *   A context starts denied. kmap() marks the page and gives nobody rights; a local map gives
 *   rights to its context, until it is unmapped. An access without rights is a fault. The mode and
 *   the page's state decide whether it is pardoned, the scope for how long and for whom.
 */
#ifndef KEYWARD_TESTS_INTERLEAVE_MODEL_H
#define KEYWARD_TESTS_INTERLEAVE_MODEL_H

#include "kernel/lib/options.h"
#include "kernel/lib/types.h"

#define MODEL_NESTED 16 /* local maps of one context */

/* The steps of a sequence, as the letters that it is written with. */
#define STEP_KMAP       'm'
#define STEP_KUNMAP     'u'
#define STEP_LOCAL      'l' /* kmap_local_page() */
#define STEP_LOCAL_READ 'o' /* kmap_local_page_read() */
#define STEP_LOCAL_END  'd' /* kunmap_local() */
#define STEP_WRITE      'w'
#define STEP_READ       'r'
#define STEP_YIELD      'y' /* the other thread's turn */
#define STEP_INTERRUPT  '1' /* '1' to '5': an interrupt, see interrupt_program() */
#define STEP_INTERRUPTS 5

/* Bits of the rights to the page's key; a context starts with both. */
#define MODEL_AD 1 /* no access */
#define MODEL_WD 2 /* no writes */

enum model_who { MODEL_A, MODEL_B, MODEL_INTERRUPT, MODEL_CONTEXTS };

enum model_outcome {
	MODEL_DONE,     /* a step that is no access */
	MODEL_FREE,     /* the access was made, nobody was asked */
	MODEL_PARDONED, /* it was made after a fault, by a pardon of this context's own */
	MODEL_SHARED,   /* it was made as the key is open to all, after a fault or without */
	MODEL_DIES,     /* it was not made, the context would have died */
};

struct model_context {
	u8 rights;
	u8 nested;
	u8 found[MODEL_NESTED]; /* the rights before each local map */
};

struct model {
	struct pks_policy policy;
	u32 marks;      /* kmap() less kunmap() */
	u32 underflows; /* kunmap() without a mark: complained about, and nothing else */
	u32 not_mapped; /* the same for local maps */
	u32 left_open;  /* local maps that were open when their context ended: they end with it */
	enum model_who running, interrupted;
	struct model_context context[MODEL_CONTEXTS];
};

/* Before the first step: A runs, nothing is mapped. */
void model_start(struct model *m, struct pks_policy policy);

/* The running context's step; any letter but STEP_YIELD and the interrupts. */
enum model_outcome model_step(struct model *m, char step);

/* The turn of the other thread; the beginning and the end of an interrupt. */
void model_yield(struct model *m);
void model_interrupt_begins(struct model *m);
void model_interrupt_ends(struct model *m);

/* What the rights of the running context allow. */
static inline u32 model_rights(const struct model *m)
{
	return m->context[m->running].rights;
}

static inline u32 model_nested(const struct model *m)
{
	return m->context[m->running].nested;
}

/* The running context's access to another page with the same key, which nobody maps. */
enum model_outcome model_neighbour(struct model *m, bool write);

/* Whether the register may hold more than the running context's rights: pardon=global alone. */
bool model_key_is_open(const struct model *m);

/* "free" and so on, for messages. */
const char *model_outcome_name(enum model_outcome outcome);

#endif

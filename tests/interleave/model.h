/* SPDX-License-Identifier: MIT */
/*
 * A model of one protected page's marks and its contexts' rights, step by step, by the proposal's
 * rules (docs/EXPERIMENTS.md) alone: it shares no code with the kernel. There are two threads, and
 * an interrupt on top of either. Pure, built on the host too.
 *
 *   A context starts without rights. kmap() marks the page and gives no rights; a local map gives
 *   its context rights until it is unmapped. An access without rights faults. The mode, the gate
 * and the page's marks decide whether it is pardoned, the scope for how long and for whom.
 */
#ifndef KEYWARD_TESTS_INTERLEAVE_MODEL_H
#define KEYWARD_TESTS_INTERLEAVE_MODEL_H

#include "kernel/lib/options.h"
#include "kernel/lib/types.h"

#define MODEL_NESTED 16 /* local maps of one context */

/* The steps of a sequence, by their letters. */
#define STEP_KMAP       'm'
#define STEP_KUNMAP     'u'
#define STEP_LOCAL      'l' /* kmap_local_page() */
#define STEP_LOCAL_READ 'o' /* kmap_local_page_read() */
#define STEP_LOCAL_END  'd' /* kunmap_local() */
#define STEP_WRITE      'w'
#define STEP_READ       'r'
#define STEP_YIELD      'y' /* the other thread's turn */
#define STEP_INTERRUPT  '1' /* '1' to '5': an interrupt; see interrupt_program() */
#define STEP_INTERRUPTS 5

/* Bits of a context's rights to the page's key; it starts with both set. */
#define MODEL_AD 1 /* no access */
#define MODEL_WD 2 /* no writes */

enum model_who { MODEL_A, MODEL_B, MODEL_INTERRUPT, MODEL_CONTEXTS };

enum model_outcome {
	MODEL_DONE,     /* not an access */
	MODEL_FREE,     /* an access without a fault */
	MODEL_PARDONED, /* an access after a fault, by a pardon of this context */
	MODEL_SHARED,   /* an access because the key is open to all, after a fault or without */
	MODEL_DIES,     /* no access: the context would die */
};

struct model_context {
	u8 rights;
	u8 nested;
	u8 found[MODEL_NESTED]; /* the rights before each local map */
};

struct model {
	struct pks_policy policy;
	u32 marks;      /* kmap() less kunmap() */
	u32 underflows; /* kunmap() without a mark: warns and does nothing else */
	u32 not_mapped; /* kunmap_local() without a map, likewise */
	u32 left_open;  /* local maps that were open when their context ended, and ended with it */
	enum model_who running, interrupted;
	struct model_context context[MODEL_CONTEXTS];
};

/* Sets the state before the first step: A runs, nothing is mapped. */
void model_start(struct model *m, struct pks_policy policy);

/* Takes the running context's step: any letter but STEP_YIELD and the interrupts. */
enum model_outcome model_step(struct model *m, char step);

/* Switch to the other thread; begin and end an interrupt. */
void model_yield(struct model *m);
void model_interrupt_begins(struct model *m);
void model_interrupt_ends(struct model *m);

/* The running context's rights (MODEL_AD, MODEL_WD), and the number of its open local maps. */
static inline u32 model_rights(const struct model *m)
{
	return m->context[m->running].rights;
}

static inline u32 model_nested(const struct model *m)
{
	return m->context[m->running].nested;
}

/* The running context accesses another page with the same key, which is never mapped. */
enum model_outcome model_neighbour(struct model *m, bool write);

/* Whether the key is open to all (pardon=global): the register may exceed the context's rights. */
bool model_key_is_open(const struct model *m);

/* "free" and so on, for messages. */
const char *model_outcome_name(enum model_outcome outcome);

#endif

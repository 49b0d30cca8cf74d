/* SPDX-License-Identifier: MIT */
/*
 * A model of three protected pages' marks and their contexts' rights, step by step, by the
 * proposal's rules (docs/EXPERIMENTS.md) alone: it shares no code with the kernel. There are two
 * threads, and an interrupt on top of either. Pure, built on the host too.
 *
 *   A context starts with the initial rights. kmap() marks the page and gives no rights. A map or a
 * grant gives its context rights until it ends, in whatever order maps end. An access without
 * rights faults. The mode, the gate and the page's marks decide whether it is pardoned, the scope
 * for how long and for whom. A pardon of a context ends with the last map or grant of the key that
 * was open when it came. What a context has open ends with it, also if it dies.
 */
#ifndef KEYWARD_TESTS_INTERLEAVE_MODEL_H
#define KEYWARD_TESTS_INTERLEAVE_MODEL_H

#include "kernel/lib/options.h"
#include "kernel/lib/types.h"

#define MODEL_NESTED 16 /* maps and grants of one context */

/* The pages: two share a key, the third has another. */
enum model_page { PAGE_FIRST, PAGE_SECOND, PAGE_OTHER, MODEL_PAGES };
#define MODEL_KEYS 2

/* The steps of a sequence, by their letters. These are about a page: */
#define STEP_KMAP       'm'
#define STEP_KUNMAP     'u'
#define STEP_LOCAL      'l' /* kmap_local_page() */
#define STEP_LOCAL_READ 'o' /* kmap_local_page_read() */
#define STEP_LOCAL_END  'd' /* kunmap_local() */
#define STEP_THREAD     't' /* kmap_thread() */
#define STEP_THREAD_END 'e' /* kunmap_thread() */
#define STEP_WRITE      'w'
#define STEP_READ       'r'
/* These about a page's key: */
#define STEP_GRANT      'g' /* pks_grant() for reading and writing */
#define STEP_GRANT_READ 'h' /* the same for reading */
#define STEP_REVOKE     'v' /* pks_revoke() of the context's last grant of the key */
/* And these about neither: */
#define STEP_YIELD      'y' /* the other thread's turn */
#define STEP_DEATH      'x' /* the thread dies; another takes its place */
#define STEP_INTERRUPT  '1' /* '1' to '6': an interrupt; see interrupt_program() */
#define STEP_INTERRUPTS 6

/* Bits of a context's rights to a key. */
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

/* What a context has open, oldest first. */
struct model_item {
	char step;     /* STEP_LOCAL, STEP_THREAD or STEP_GRANT */
	u8 page;       /* enum model_page; of a grant, any page of the key */
	u8 rights;     /* that it gives */
	bool pardoned; /* a pardon ends with it */
};

struct model_context {
	u32 items;
	struct model_item item[MODEL_NESTED];
	bool pardoned[MODEL_KEYS]; /* until the context ends */
};

/* Mistakes of the users; each warns and does nothing else. */
struct model_mistakes {
	u32 underflows; /* kunmap() without a mark */
	u32 not_mapped; /* an unmap without such a map */
	u32 order;      /* kunmap_local() with a later local map open: it ends nevertheless */
	u32 no_thread;  /* kmap_thread() or its end in an interrupt */
	u32 left_open;  /* maps that were open when their context ended, and ended with it */
};

struct model {
	struct pks_policy policy;
	u8 key[MODEL_KEYS];     /* their numbers: 1 to 15; 0 to 15 */
	u32 marks[MODEL_PAGES]; /* kmap() less kunmap() */
	struct model_mistakes mistakes;
	enum model_who running, interrupted;
	struct model_context context[MODEL_CONTEXTS];
};

/* Sets the state before the first step: A runs, nothing is mapped. */
void model_start(struct model *m, struct pks_policy policy, const u8 key[MODEL_KEYS]);

/*
 * Returns false for what a user must not do, as grants must nest with the maps of their key
 * (pks/rights.h): revoke or unmap what an open grant, or a grant what an open map, came after.
 */
bool model_permits(const struct model *m, char step, enum model_page page);

/* Takes the running context's step: any permitted one but a yield, a death and the interrupts. */
enum model_outcome model_step(struct model *m, char step, enum model_page page);

/* Switch to the other thread; begin and end an interrupt; end the running thread. */
void model_yield(struct model *m);
void model_interrupt_begins(struct model *m);
void model_interrupt_ends(struct model *m);
void model_death(struct model *m);

/* Returns which of the two keys the page has. */
static inline u32 model_key(enum model_page page)
{
	return page == PAGE_OTHER;
}

/* Return a context's rights to a key (MODEL_AD, MODEL_WD), and how many maps it has open. */
u32 model_rights(const struct model *m, enum model_who who, u32 key);
u32 model_nested(const struct model *m, enum model_who who);

/* Whether the key is open to all (pardon=global): the register may exceed the context's rights. */
bool model_key_is_open(const struct model *m, u32 key);

/* "free" and so on, for messages. */
const char *model_outcome_name(enum model_outcome outcome);

#endif

/* SPDX-License-Identifier: MIT */
/* What becomes of a protection-key fault, as a pure function: built on the host too. */
#ifndef KEYWARD_PKS_POLICY_POLICY_H
#define KEYWARD_PKS_POLICY_POLICY_H

#include "kernel/lib/options.h"
#include "kernel/lib/types.h"

enum pks_verdict {
	PKS_DIE,         /* no pardon: the context that faulted ends */
	PKS_PARDON,      /* the access is let through, as widely as enum pks_reach says */
	PKS_PARDON_WARN, /* the same, and it is reported once for each call site */
};

/* What the policy knows of a page. */
struct pks_page_state {
	bool known;    /* the address translates to a page that has a struct page */
	bool devmap;   /* it belongs to a protected device range */
	bool marked;   /* kmap() marked it, and no kunmap() yet */
	bool key_open; /* some page of its key is so marked: pks/policy/global.h */
};

/* What a pardon opens, and for how long. */
enum pks_reach {
	PKS_REACH_NONE,        /* nothing: the page cannot be pardoned */
	PKS_REACH_CONTEXT,     /* the key in the saved frame, until that context ends */
	PKS_REACH_INSTRUCTION, /* the same, until the instruction is over: pks/policy/step.h */
	PKS_REACH_ALL,         /* the key in every context that asks, until its last kunmap() */
};

struct pks_scope_row {
	enum pks_reach marked, device, key;
};

extern const struct pks_scope_row pks_scope_table[PKS_SCOPES];

/* How far a pardon reaches for such a page is. An unknown scope or gate gives nothing more. Any
 * context.
 */
static inline enum pks_reach pks_reach(enum pks_gate gate, enum pks_scope scope,
				       struct pks_page_state page)
{
	enum pks_reach reach = PKS_REACH_NONE;
	const struct pks_scope_row *row;

	if ((unsigned int)scope >= PKS_SCOPES)
		return PKS_REACH_NONE;
	row = &pks_scope_table[scope];
	if (page.known && page.marked)
		reach = row->marked;
	if (reach == PKS_REACH_NONE && page.key_open)
		reach = row->key;
	if (reach == PKS_REACH_NONE && page.known && gate == PKS_GATE_ANY && page.devmap)
		reach = row->device;
	return reach;
}

struct pks_policy_row {
	enum pks_verdict closed, open; /* for a page that cannot be pardoned, and one that can */
};

extern const struct pks_policy_row pks_policy_table[PKS_MODES];

/* The verdict; an unknown mode dies. Any context. */
static inline enum pks_verdict pks_policy(enum pks_mode mode, bool open)
{
	if ((unsigned int)mode >= PKS_MODES)
		return PKS_DIE;
	return open ? pks_policy_table[mode].open : pks_policy_table[mode].closed;
}

#endif

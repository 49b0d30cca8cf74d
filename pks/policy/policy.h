/* SPDX-License-Identifier: MIT */
/* Decides what becomes of a protection-key fault. Pure functions, also built on the host. */
#ifndef KEYWARD_PKS_POLICY_POLICY_H
#define KEYWARD_PKS_POLICY_POLICY_H

#include "kernel/lib/options.h"
#include "kernel/lib/types.h"

enum pks_verdict {
	PKS_DIE,         /* no pardon: the context that faulted ends */
	PKS_PARDON,      /* let the access through, as far as enum pks_reach says */
	PKS_PARDON_WARN, /* the same, with one warning for each call site */
};

/* What the policy knows about a page. */
struct pks_page_state {
	bool known;    /* the address translates to a page that has a struct page */
	bool devmap;   /* it belongs to a protected device range */
	bool marked;   /* kmap() has marked it, and no kunmap() followed yet */
	bool key_open; /* scope GLOBAL: some page of its key is marked, pks/policy/global.h */
};

/* What a pardon opens, and for how long. */
enum pks_reach {
	PKS_REACH_NONE,        /* nothing: the page cannot be pardoned */
	PKS_REACH_CONTEXT,     /* the key in the saved frame, until that context ends */
	PKS_REACH_INSTRUCTION, /* the same, until the instruction is over: pks/policy/step.h */
	PKS_REACH_ALL,         /* the key in every context that faults, until its last kunmap() */
};

struct pks_scope_row {
	enum pks_reach marked, device, key;
};

extern const struct pks_scope_row pks_scope_table[PKS_SCOPES];

/*
 * Returns how far a pardon reaches for such a page. An unknown scope gives PKS_REACH_NONE, an
 * unknown gate no more than gate=kmapped. Any context.
 */
static inline enum pks_reach pks_reach(struct pks_policy policy, struct pks_page_state page)
{
	enum pks_reach reach = PKS_REACH_NONE;
	const struct pks_scope_row *row;

	if ((unsigned int)policy.scope >= PKS_SCOPES)
		return PKS_REACH_NONE;
	row = &pks_scope_table[policy.scope];
	if (page.known && page.marked)
		reach = row->marked;
	if (reach == PKS_REACH_NONE && page.key_open)
		reach = row->key;
	if (reach == PKS_REACH_NONE && page.known && policy.gate == PKS_GATE_ANY && page.devmap)
		reach = row->device;
	return reach;
}

struct pks_policy_row {
	enum pks_verdict closed, open; /* for a page that cannot be pardoned, and one that can */
};

extern const struct pks_policy_row pks_policy_table[PKS_MODES];

/* Returns the verdict; `open`: the page can be pardoned. An unknown mode dies. Any context. */
static inline enum pks_verdict pks_verdict(enum pks_mode mode, bool open)
{
	if ((unsigned int)mode >= PKS_MODES)
		return PKS_DIE;
	return open ? pks_policy_table[mode].open : pks_policy_table[mode].closed;
}

/* Why an access is pardoned or not. */
enum pks_reason {
	/* Not pardoned: */
	PKS_REASON_PERMITTED,  /* the rights permit it: a pardon would repeat it for ever */
	PKS_REASON_MODE,       /* the mode pardons nothing */
	PKS_REASON_NO_PAGE,    /* no struct page */
	PKS_REASON_NO_DEVICE,  /* gate=any: the page is neither marked nor a device page */
	PKS_REASON_NOT_MARKED, /* gate=kmapped: the page is not marked */
	PKS_REASON_KEY_CLOSED, /* the same with scope GLOBAL: no page of its key is marked */
	/* Pardoned: */
	PKS_REASON_MARKED,   /* the page is marked */
	PKS_REASON_KEY_OPEN, /* scope GLOBAL: some page of the key is marked */
	PKS_REASON_DEVICE,   /* gate=any: it is a device page */
	PKS_REASONS
};

/* Each reason in words: static text without a full stop. */
extern const char *const pks_reason_text[PKS_REASONS];

/* Returns the reason for a verdict; `permitted`: the rights permit the access. Any context. */
enum pks_reason pks_reason(struct pks_policy policy, struct pks_page_state page, bool permitted);

#endif

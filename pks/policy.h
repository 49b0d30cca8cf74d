/* SPDX-License-Identifier: MIT */
/* What becomes of a protection-key fault, as a pure function: built on the host too. */
#ifndef KEYWARD_PKS_POLICY_H
#define KEYWARD_PKS_POLICY_H

#include "kernel/options.h"
#include "kernel/types.h"

enum pks_verdict {
	PKS_DIE,         /* no pardon: the context that faulted ends */
	PKS_PARDON,      /* the key is opened in the saved frame */
	PKS_PARDON_WARN, /* the same, and it is reported once for each call site */
};

/* What the policy knows of a page. */
struct pks_page_state {
	bool known;       /* the address translates to a page that has a struct page */
	bool devmap;      /* it belongs to a protected device range */
	bool unprotected; /* kmap() marked it as globally unprotected, and no kunmap() yet */
};

/* Whether the page is one that can be pardoned at all. */
static inline bool pks_page_open(enum pks_gate gate, struct pks_page_state page)
{
	return page.known && (page.unprotected || (gate == PKS_GATE_ANY && page.devmap));
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

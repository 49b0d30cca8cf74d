// SPDX-License-Identifier: MIT
/*
 * Seed 002, points 3 and 4, as a table. A page that is not open dies in every mode; OFF never
 * sees a protection-key fault on a machine that obeys CR4.PKS, so one that comes is fatal.
 */
#include "pks/policy.h"

// clang-format off
static const struct {
	enum pks_verdict closed, open;
} policy[PKS_MODES] = {
	/*                      not open  open */
	[PKS_MODE_OFF]     = { PKS_DIE, PKS_DIE },
	[PKS_MODE_STRICT]  = { PKS_DIE, PKS_DIE },
	[PKS_MODE_RELAXED] = { PKS_DIE, PKS_PARDON_WARN },
	[PKS_MODE_SILENT]  = { PKS_DIE, PKS_PARDON },
};
// clang-format on

bool pks_page_open(enum pks_gate gate, struct pks_page_state page)
{
	if (!page.known)
		return false;
	return page.unprotected || (gate == PKS_GATE_ANY && page.devmap);
}

enum pks_verdict pks_policy(enum pks_mode mode, bool open)
{
	if ((unsigned int)mode >= PKS_MODES)
		return PKS_DIE;
	return open ? policy[mode].open : policy[mode].closed;
}

// SPDX-License-Identifier: MIT
/*
 * The proposal's modes (docs/EXPERIMENTS.md) as a table. A page that is not open dies in every
 * mode; OFF never sees a protection-key fault on a machine that obeys CR4.PKS, so one that comes
 * is fatal.
 */
#include "pks/policy.h"

// clang-format off
const struct pks_policy_row pks_policy_table[PKS_MODES] = {
	/*                      not open  open */
	[PKS_MODE_OFF]     = { PKS_DIE, PKS_DIE },
	[PKS_MODE_STRICT]  = { PKS_DIE, PKS_DIE },
	[PKS_MODE_RELAXED] = { PKS_DIE, PKS_PARDON_WARN },
	[PKS_MODE_SILENT]  = { PKS_DIE, PKS_PARDON },
};
// clang-format on

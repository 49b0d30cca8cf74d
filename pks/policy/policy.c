// SPDX-License-Identifier: MIT
/*
 * The proposal's modes (docs/EXPERIMENTS.md) as a table. A page that is not open dies in every
 * mode; OFF never sees a protection-key fault on a machine that obeys CR4.PKS, so one that comes
 * is fatal.
 */
#include "pks/policy/policy.h"

/*
 * Scope by what is known of the page: it is marked; it is a device page, which counts with gate=any
 * alone; its key is that of a marked page. Under the scope GLOBAL a mark is a mark of the key, and
 * the page itself is not asked, nor even whether there is a struct page. The RFC that GLOBAL is
 * taken from knows no gate: a device page of a key that is not open has nobody's kmap() whose end
 * could close it, so what gate=any adds is pardoned until the end of the context, as in CONTEXT.
 */
// clang-format off
const struct pks_scope_row pks_scope_table[PKS_SCOPES] = {
	/*                           marked              device              key */
	[PKS_SCOPE_CONTEXT]     = { PKS_REACH_CONTEXT,     PKS_REACH_CONTEXT,     PKS_REACH_NONE },
	[PKS_SCOPE_INSTRUCTION] = { PKS_REACH_INSTRUCTION, PKS_REACH_INSTRUCTION, PKS_REACH_NONE },
	[PKS_SCOPE_GLOBAL]      = { PKS_REACH_NONE,         PKS_REACH_CONTEXT,     PKS_REACH_ALL },
};
// clang-format on

// clang-format off
const struct pks_policy_row pks_policy_table[PKS_MODES] = {
	/*                      not open  open */
	[PKS_MODE_OFF]     = { PKS_DIE, PKS_DIE },
	[PKS_MODE_STRICT]  = { PKS_DIE, PKS_DIE },
	[PKS_MODE_RELAXED] = { PKS_DIE, PKS_PARDON_WARN },
	[PKS_MODE_SILENT]  = { PKS_DIE, PKS_PARDON },
};
// clang-format on

// SPDX-License-Identifier: MIT
/*
 * The proposal's modes (docs/EXPERIMENTS.md) as a table. An access to a page that cannot be
 * pardoned dies in every mode. OFF raises no protection-key fault on a machine that obeys CR4.PKS,
 * so there any fault is fatal.
 */
#include "pks/policy/policy.h"

/*
 * The reach, by scope and by what is known about the page: it is marked; it is a device page, which
 * counts only with gate=any; its key is that of a marked page. With scope GLOBAL a mark is a mark
 * of the key: the page itself does not count, and needs no struct page. The RFC that GLOBAL comes
 * from has no gate: where a key is not open there is no kunmap() to close it, so a device page that
 * gate=any admits is pardoned until the end of the context, as with scope CONTEXT.
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

const char *const pks_reason_text[PKS_REASONS] = {
	[PKS_REASON_PERMITTED] = "the context's rights now permit the access",
	[PKS_REASON_MODE] = "this mode pardons nothing",
	[PKS_REASON_NO_PAGE] = "the address has no struct page",
	[PKS_REASON_NO_DEVICE] = "the page is not device memory",
	[PKS_REASON_NOT_MARKED] = "the page is not marked by kmap()",
	[PKS_REASON_KEY_CLOSED] = "no page of its key is marked by kmap()",
	[PKS_REASON_MARKED] = "the page is marked by kmap()",
	[PKS_REASON_KEY_OPEN] = "its key is open to all, as kmap() has marked a page of it",
	[PKS_REASON_DEVICE] = "the gate is open for all device memory",
};

static enum pks_reason why_closed(struct pks_policy policy, struct pks_page_state page)
{
	if (policy.scope == PKS_SCOPE_GLOBAL && policy.gate == PKS_GATE_KMAPPED)
		return PKS_REASON_KEY_CLOSED;
	if (!page.known)
		return PKS_REASON_NO_PAGE;
	return policy.gate == PKS_GATE_ANY ? PKS_REASON_NO_DEVICE : PKS_REASON_NOT_MARKED;
}

/* Checks in the order of pks_reach(). */
enum pks_reason pks_reason(struct pks_policy policy, struct pks_page_state page, bool permitted)
{
	if (permitted)
		return PKS_REASON_PERMITTED;
	if (pks_verdict(policy.mode, true) == PKS_DIE)
		return PKS_REASON_MODE;
	if (pks_reach(policy, page) == PKS_REACH_NONE)
		return why_closed(policy, page);
	if (page.known && page.marked && pks_scope_table[policy.scope].marked != PKS_REACH_NONE)
		return PKS_REASON_MARKED;
	if (page.key_open && pks_scope_table[policy.scope].key != PKS_REACH_NONE)
		return PKS_REASON_KEY_OPEN;
	return PKS_REASON_DEVICE;
}

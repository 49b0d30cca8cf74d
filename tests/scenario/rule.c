// SPDX-License-Identifier: MIT
#include "tests/scenario/rule.h"

const char *const outcome_names[OUTCOMES] = { "free", "pardoned", "dies", "passes" };

/* Whether the pardon of an earlier access of the same context still holds. */
static bool still_pardoned(struct pks_policy policy, const struct use *uses, u32 n)
{
	u32 after = uses[n].after;

	if (!after || policy.scope == PKS_SCOPE_INSTRUCTION)
		return false;
	if (policy.scope == PKS_SCOPE_GLOBAL && uses[after - 1].open)
		return false; /* the key was open to all; the context got no pardon */
	return use_rule(policy, uses, after - 1) != OUTCOME_DIES;
}

/* "Unprotect temporary for the current context"; the scope says how far that goes. */
static enum outcome pardon_rule(struct pks_policy policy, const struct use *uses, u32 n)
{
	bool devmap = true; /* every page of a scenario belongs to a protected device range */

	if (still_pardoned(policy, uses, n))
		return OUTCOME_FREE;
	if (policy.scope == PKS_SCOPE_GLOBAL && uses[n].open)
		return OUTCOME_PASSES; /* the key is open, for all its pages */
	if (uses[n].by == BY_KMAP || (policy.gate == PKS_GATE_ANY && devmap))
		return OUTCOME_PARDONED;
	return OUTCOME_DIES;
}

enum outcome use_rule(struct pks_policy policy, const struct use *uses, u32 n)
{
	enum use_by by = uses[n].by;

	if (policy.mode == PKS_MODE_OFF || by == BY_LOCAL || by == BY_NEIGHBOUR)
		return OUTCOME_FREE; /* a local map opens its page's key: all pages of it */
	if (policy.mode == PKS_MODE_STRICT)
		return OUTCOME_DIES; /* no pardon */
	return pardon_rule(policy, uses, n);
}

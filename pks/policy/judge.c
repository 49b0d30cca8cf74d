// SPDX-License-Identifier: MIT
#include "pks/policy/judge.h"
#include "mm/pgtable.h"

struct pks_target pks_walk_target(u64 addr)
{
	struct pgwalk walk;

	if (!pgtable_walk(pgtable_current(), addr, &walk) || walk.user)
		return (struct pks_target){ NULL, 0 };
	return (struct pks_target){ phys_to_page(walk.pa), walk.key };
}

/* SPDX-License-Identifier: MIT */
/* Finds the page and the key of a protection-key fault, and judges it by the policy. */
#ifndef KEYWARD_PKS_POLICY_JUDGE_H
#define KEYWARD_PKS_POLICY_JUDGE_H

#include "kernel/cpu/pkrs_bits.h"
#include "kernel/cpu/regs.h"
#include "mm/page.h"
#include "pks/policy/global.h"
#include "pks/policy/marks.h"
#include "pks/policy/policy.h"

/* What lies at the address of an access. */
struct pks_target {
	struct page *page; /* NULL: no struct page, or a user-mode address, which PKRU governs */
	u32 key;
};

struct pks_judgement {
	struct pks_policy policy;
	struct pks_target at;
	struct pks_page_state page;
	/*
	 * The rights permit the access, and yet it faulted: a key was changed without a flush, or
	 * the machine is wrong. A pardon would repeat it for ever, so it dies; `page` and `reach`
	 * stay empty.
	 */
	bool permitted;
	enum pks_reach reach;
	enum pks_verdict verdict;
};

/* Returns what the page tables say about an address. Any context. */
struct pks_target pks_walk_target(u64 addr);

/* Returns the same; takes the direct map's keys from struct page, and walks for other addresses. */
static inline struct pks_target pks_find_target(u64 addr)
{
	struct page *page = virt_to_page((void *)addr);

	return likely(page) ? (struct pks_target){ page, page->pkey } : pks_walk_target(addr);
}

static inline struct pks_page_state pks_page_state(struct pks_target at, enum pks_scope scope)
{
	const struct page *page = at.page;

	return (struct pks_page_state){
		.known = page,
		.devmap = page && page->flags & PG_DEVMAP,
		.marked = page && page_marks(page),
		.key_open = scope == PKS_SCOPE_GLOBAL && pks_global_marks(at.key),
	};
}

_Static_assert((PKS_READ | PF_W) == PKS_WRITE, "access");
_Static_assert(PKS_DIE == 0 && PKS_REACH_NONE == 0, "an empty judgement dies");

/* Returns the access that faulted with this error code. Any context. */
static inline enum pks_access pks_error_access(u64 error)
{
	return (enum pks_access)(PKS_READ | (error & PF_W));
}

/*
 * Judges an access to `addr` with the rights `pkrs` that faulted with this error code; changes
 * nothing. Any context. Inline, for the fault path: a caller pays only for the results it uses.
 */
static inline struct pks_judgement pks_judge(struct pks_policy policy, u32 pkrs, u64 addr,
					     u64 error)
{
	enum pks_access access = pks_error_access(error);
	struct pks_judgement j = { .policy = policy, .at = pks_find_target(addr) };

	if (unlikely(pkrs_permits(pkrs, j.at.key, access))) {
		j.at = pks_walk_target(addr); /* a key is changing: struct page lags behind */
		j.permitted = pkrs_permits(pkrs, j.at.key, access);
		if (j.permitted)
			return j;
	}
	j.page = pks_page_state(j.at, policy.scope);
	j.reach = pks_reach(policy, j.page);
	j.verdict = pks_verdict(policy.mode, j.reach != PKS_REACH_NONE);
	return j;
}

/*
 * Opens the key for the rest of the context that `regs` interrupted. Needs no pks_on(), unlike
 * pks_update_exception(): without PKS only PKRU causes PK = 1 in supervisor mode, and only for
 * user-mode addresses, which pks_walk_target() gives key 0; the rights permit that, so no pardon
 * follows. The same holds for pks_step() and pks_global_lend(). Called by the fault's handler, any
 * context.
 */
static inline void pks_open_key(struct regs *regs, u32 key)
{
	regs_pkrs_set(regs, pkrs_with((u32)regs_pkrs(regs), key, PKS_READWRITE));
}

/* Returns the reason for the verdict. Any context. */
static inline enum pks_reason pks_judgement_reason(const struct pks_judgement *j)
{
	return pks_reason(j->policy, j->page, j->permitted);
}

#endif

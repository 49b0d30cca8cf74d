/* SPDX-License-Identifier: MIT */
/*
 * The short way of a fault: pardons the ordinary one, as pks_fault() would, in a third of the
 * instructions. It calls nothing, so that page_fault() needs no stack frame for it.
 */
#ifndef KEYWARD_PKS_POLICY_SHORT_H
#define KEYWARD_PKS_POLICY_SHORT_H

#include "kernel/cpu/extable.h"
#include "kernel/cpu/trace.h"
#include "pks/policy/fault.h"
#include "pks/policy/judge.h"

/* True if the policy opens a marked page to this context, without a warning for this site. */
static inline bool pks_pardons_marked(struct pks_policy policy, u64 site)
{
	const struct pks_page_state marked = { .known = true, .marked = true };
	enum pks_verdict verdict = pks_verdict(policy.mode, true);

	if (pks_reach(policy, marked) != PKS_REACH_CONTEXT || verdict == PKS_DIE)
		return false;
	return verdict == PKS_PARDON || warn_site_known(&pks_warn_sites, site);
}

/*
 * Pardons a fault of the kernel in a marked page of the direct map, if the policy pardons it until
 * the context ends and has warned about the call site before. False, with nothing changed:
 * something is unusual, and pks_fault() must judge the fault; also where the trace records, a
 * debugger watches (magic=, which has its points there), a test probes, marks are in the hash, so
 * that no struct page has any, or the key can get another owner, so that the pardon must be noted.
 * Any context, with interrupts off throughout. An NMI may come anywhere: it changes neither the
 * frame nor CR2, which has been read.
 */
static inline bool pks_fault_short(struct regs *regs, u64 addr)
{
	struct pks_policy policy = pks_policy_get();
	struct page *page;
	u32 key;

	/* first what depends on settings alone, so that other scopes lose little time here */
	if (policy.scope != PKS_SCOPE_CONTEXT || trace_on || options.magic)
		return false;
	if ((regs->error & ~(u64)PF_W) != (PF_P | PF_PK) || extable_may_probe(regs))
		return false;
	page = phys_to_page_hinted(addr - DIRECT_BASE); /* RAM ends where the direct map does */
	if (!page || !smp_load_acquire(&page->marks))
		return false;
	key = READ_ONCE(page->pkey);
	if (key >= PKS_KEY_FIRST_DYNAMIC ||
	    pkrs_permits((u32)regs_pkrs(regs), key, pks_error_access(regs->error)) ||
	    !pks_pardons_marked(policy, regs->rip))
		return false;
	atomic_inc(&pks_stats.faults);
	atomic_inc(&pks_stats.pardons);
	pks_open_key(regs, key);
	return true;
}

#endif

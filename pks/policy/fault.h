/* SPDX-License-Identifier: MIT */
/* Applies the fault policy (docs/EXPERIMENTS.md). */
#ifndef KEYWARD_PKS_POLICY_FAULT_H
#define KEYWARD_PKS_POLICY_FAULT_H

#include "kernel/console/warn_site.h"
#include "kernel/cpu/regs.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/options.h"
#include "pks/policy/policy.h"

/*
 * Handles a protection-key fault at `addr` in the context that `regs` interrupted. True: repeat the
 * access, either because it is pardoned, as far as its reach says (pks/policy/policy.h), or because
 * the fault may be older than a change that permits it. False: the context must die. Any context.
 */
bool pks_fault(struct regs *regs, u64 addr);

/*
 * The long way of a page fault: handles every fault that pks_fault_short() leaves (short.h). Called
 * by page_fault(), interrupts off on entry and on return.
 */
void page_fault_long(struct regs *regs, u64 addr);

/* Returns the policy in force; reads each of its words once. Any context. */
static inline struct pks_policy pks_policy_get(void)
{
	return (struct pks_policy){
		.mode = READ_ONCE(options.policy.mode),
		.gate = READ_ONCE(options.policy.gate),
		.scope = READ_ONCE(options.policy.scope),
	};
}

/*
 * Puts a policy into force. Returns 0, or -EINVAL for an unknown mode, gate or scope, and then has
 * changed nothing. A new mode sets or clears CR4.PKS on every CPU. A new mode or scope recalls what
 * scope GLOBAL has lent. A fault that is judged meanwhile may see some words of the old policy and
 * some of the new one. A policy that is already in force costs nothing. Thread context, one caller
 * at a time, interrupts on if there are other CPUs.
 */
int pks_policy_set(struct pks_policy policy);

/* The call sites that RELAXED has warned about. Any context, by warn_site(). */
extern struct warn_sites pks_warn_sites;

/* Makes every call site warn again. Thread context, with no fault under way. */
void pks_warnings_forget(void);

/* Counts since boot; atomic, any context. */
struct pks_stats {
	u64 faults, pardons, warnings, deaths;
	u64 steps;       /* pardons for one instruction; each of its faults counts */
	u64 step_ends;   /* instructions after which rights were taken back */
	u64 steps_wide;  /* pardons for the rest of the context where pks_step() failed */
	u64 global_lent; /* pardons because the key is open to all */
};
extern struct pks_stats pks_stats;

#endif

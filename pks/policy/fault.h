/* SPDX-License-Identifier: MIT */
/* The fault policy at work (docs/EXPERIMENTS.md). */
#ifndef KEYWARD_PKS_POLICY_FAULT_H
#define KEYWARD_PKS_POLICY_FAULT_H

#include "kernel/cpu/regs.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/options.h"
#include "pks/policy/policy.h"

/*
 * A protection-key fault at `addr` of the context that `regs` interrupted. True: the access may be
 * repeated: it is pardoned, as widely as the scope says (pks/policy/policy.h), or it may be older
 * than the change that permits it. False: it must die. Any context.
 */
bool pks_fault(struct regs *regs, u64 addr);

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
 * Puts a policy into force: 0, or -EINVAL for an unknown mode, gate or scope, and then nothing has
 * changed. A new mode sets or clears CR4.PKS on every processor. A new mode or scope takes back
 * what the scope GLOBAL has lent. A fault that is judged meanwhile may see some words of the old
 * policy and some of the new one. A policy that is already in force costs nothing. Thread context,
 * one caller at a time, interrupts on where there are other processors.
 */
int pks_policy_set(struct pks_policy policy);

/* Every call site may be warned about again. Thread context, with no fault under way. */
void pks_warnings_forget(void);

/* What happened so far; written by pks_fault() in any context, atomically. */
struct pks_stats {
	u64 faults, pardons, warnings, deaths;
	u64 steps;       /* pardons for one instruction; two of one instruction are two */
	u64 step_ends;   /* instructions after which rights were taken back */
	u64 steps_wide;  /* that had to be pardoned for the context's rest: see pks_step() */
	u64 global_lent; /* pardons by a key that is open to all */
};
extern struct pks_stats pks_stats;

#endif

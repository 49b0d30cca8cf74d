/* SPDX-License-Identifier: MIT */
/* The fault policy at work (docs/EXPERIMENTS.md). */
#ifndef KEYWARD_PKS_POLICY_FAULT_H
#define KEYWARD_PKS_POLICY_FAULT_H

#include "kernel/cpu/regs.h"
#include "kernel/lib/options.h"
#include "pks/policy/policy.h"

/*
 * A protection-key fault at `addr` of the context that `regs` interrupted. True: the access may be
 * repeated: it is pardoned, as widely as the scope says (pks/policy/policy.h), or it may be older
 * than the change that permits it. False: it must die. Any context.
 */
bool pks_fault(struct regs *regs, u64 addr);

/*
 * The mode, gate and scope in force. The mode decides on CR4.PKS of every processor. Thread
 * context, interrupts on where there are other processors. The scope: 0, or -EINVAL. A
 * change closes what the old one has left open to all.
 */
void pks_mode_set(enum pks_mode mode);
void pks_gate_set(enum pks_gate gate);
int pks_scope_set(enum pks_scope scope);

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

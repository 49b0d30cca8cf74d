/* SPDX-License-Identifier: MIT */
/*
 * Keys that are open to all (pardon=global): the RFC's global PKRS, the design that was rejected.
 * kmap() of a page opens its key, the last kunmap() closes it. Neither changes any context's own
 * value, in the mirror or in a frame. What changes is the register of a CPU, lazily, by the fault
 * of a context that has no rights of its own; so closing has to reach running CPUs only. See
 * pkrs_lend() in pks/pkrs.h.
 */
#ifndef KEYWARD_PKS_POLICY_GLOBAL_H
#define KEYWARD_PKS_POLICY_GLOBAL_H

#include "kernel/cpu/regs.h"

/*
 * Add or remove one mark of the key, for kmap() and kunmap() of its pages. Marks are counted under
 * every scope, so that the scope can change at any time; only GLOBAL opens keys. Any context.
 */
void pks_global_open(u32 key);
void pks_global_close(u32 key);

/* Returns the number of marks of the key's pages. Any context. */
u32 pks_global_marks(u32 key);

/*
 * Lends the key to the access that `regs` returns to, if the key is still open and the policy still
 * pardons; else the access faults again. Leaves interrupts off, which is how kernel/entry.S
 * returns. Called by the fault's handler, any context.
 */
void pks_global_lend(struct regs *regs, u32 key);

/* Recalls what was lent on every CPU. Thread context, interrupts on. */
void pks_global_recall(void);

/* Installs the vector's handler. Boot, before the second CPU. */
void pks_global_init(void);

#endif

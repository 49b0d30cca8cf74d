/* SPDX-License-Identifier: MIT */
/*
 * Keys that are open to everybody (pardon=global): the RFC's global PKRS, the arm that was turned
 * down. kmap() of a page opens its key, the last kunmap() closes it. No context's own value is
 * changed by that, neither in the mirror nor in a frame: what is changed is the register of a
 * processor, lazily, by the fault of a context that has no rights of its own, and so closing has to
 * reach running processors alone. See pkrs_lend() in pks/pkrs.h.
 */
#ifndef KEYWARD_PKS_POLICY_GLOBAL_H
#define KEYWARD_PKS_POLICY_GLOBAL_H

#include "kernel/cpu/regs.h"

/*
 * kmap() and kunmap() of a page with a key: one mark more or less. Counted under every scope, so
 * that the scope can change at any time; keys are opened under GLOBAL alone. Any context.
 */
void pks_global_open(u32 key);
void pks_global_close(u32 key);

/* Marks of the key. Any context. */
u32 pks_global_marks(u32 key);

/*
 * The access that `regs` returns to is let through, if the key is still open: else it faults again.
 * Leaves interrupts off, which is how kernel/entry.S returns. The handler of the fault, any
 * context.
 */
void pks_global_lend(struct regs *regs, u32 key);

/* Takes back what was lent on every processor. Thread context, interrupts on. */
void pks_global_recall(void);

/* Gives the vector its handler. Boot, before the second processor. */
void pks_global_init(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Stacks, each STACK_SIZE bytes above an unmapped guard page. They lie at the start of the vmap
 * window, in slots of guard page and stack, so that a slot's bounds follow from an address alone. A
 * freed slot keeps its pages and is used again.
 */
#ifndef KEYWARD_MM_STACK_H
#define KEYWARD_MM_STACK_H

#include "kernel/cpu/layout.h"
#include "kernel/lib/types.h"

#define STACK_SLOTS_MAX 4096
#define STACKS_END      (VMAP_BASE + STACK_SLOTS_MAX * STACK_SLOT)

/* Returns the lowest usable byte of a stack, or NULL if out of memory. Thread context. */
void *stack_alloc(void);

/* Frees a stack that is no longer in use. Thread context. */
void stack_free(void *stack);

/* Allocates `n` adjacent slots of STACK_SLOT bytes, guard page first, for the IST. 0: no memory. */
u64 stack_alloc_slots(u32 n);

/* True if [addr, addr + len) lies in mapped stack memory. Any context. */
bool stack_contains(u64 addr, u64 len);

/* True if `addr` is in the guard page of a stack. Any context. */
bool stack_guard_hit(u64 addr);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Stacks, each STACK_SIZE bytes above an unmapped guard page. They lie at the beginning of the
 * window for mappings, in slots of guard page and stack, so that a slot's boundaries follow from an
 * address alone. A freed slot keeps its pages and is used again.
 */
#ifndef KEYWARD_MM_STACK_H
#define KEYWARD_MM_STACK_H

#include "kernel/cpu/layout.h"
#include "kernel/lib/types.h"

#define STACK_SLOTS_MAX 4096
#define STACKS_END      (VMAP_BASE + STACK_SLOTS_MAX * STACK_SLOT)

/* Returns the lowest usable byte, or NULL when memory is short. Thread context. */
void *stack_alloc(void);

/* The stack must not be in use any more. Thread context. */
void stack_free(void *stack);

/* `n` slots of STACK_SLOT bytes side by side (guard page first), for the IST; 0 if out of memory.
 */
u64 stack_alloc_slots(u32 n);

/* Whether [addr, addr + len) lies in mapped stack memory. Any context. */
bool stack_contains(u64 addr, u64 len);

/* Whether `addr` is in the guard page of a stack. Any context. */
bool stack_guard_hit(u64 addr);

#endif

/* SPDX-License-Identifier: MIT */
/* Stacks, each STACK_SIZE bytes above an unmapped guard page. Implemented in mm/vmap.c. */
#ifndef KEYWARD_KERNEL_STACK_H
#define KEYWARD_KERNEL_STACK_H

#include "kernel/lib/types.h"

/* Returns the lowest usable byte, or NULL when memory is short. Thread context. */
void *stack_alloc(void);

/* The stack must not be in use any more. Thread context. */
void stack_free(void *stack);

/* `n` slots of STACK_SLOT bytes side by side (guard page first), for the IST; 0 if out of memory.
 */
u64 stack_alloc_slots(u32 n);

/* Whether `addr` is in the guard page of a stack. Any context. */
bool stack_guard_hit(u64 addr);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * One interrupt or NMI before one instruction, and no other event near it. INT takes the place of
 * the instruction until it has been executed, so the processor enters the handler without any #DB
 * before it: that of a stepped or watched run writes the rights anew on its way out, and so repairs
 * what an interrupt finds between the writes of the mirror and the register.
 */
#ifndef KEYWARD_TESTS_HARNESS_INT_AT_H
#define KEYWARD_TESTS_HARNESS_INT_AT_H

#include "kernel/exception.h"

/*
 * False, and skips the test: with trace=on the handler's own entry runs code that fn() runs, so
 * that INT would follow INT.
 */
bool int_at_possible(void);

/*
 * Runs fn(arg) once for each instruction that it executes, each time with one INT `vector` there:
 * X86_NMI anywhere, others where interrupts are on: elsewhere neither can come between the writes
 * of mirror and register. A brief run takes every INT_AT_PART-th of these instructions, another one
 * first in each call. `hook` handles it; `after` then checks what fn() left. Returns the number
 * of events. What this cannot know: the second visit of an instruction, one of a byte whose
 * next one is executed before it, the entry code, and code that other threads or interrupts execute
 * too. Thread context; a run may end on another CPU.
 */
#define INT_AT_PART 23
u32 int_at_each(void (*fn)(void *), void *arg, u32 vector, trap_hook_t hook, void (*after)(void));

/* Returns the address that the last INT replaced, for messages. */
u64 int_at_last(void);

#endif

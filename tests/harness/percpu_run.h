/* SPDX-License-Identifier: MIT */
/* One thread on each processor, all at once: what tests of several processors are made of. */
#ifndef KEYWARD_TESTS_HARNESS_PERCPU_RUN_H
#define KEYWARD_TESTS_HARNESS_PERCPU_RUN_H

#include "kernel/cpu/percpu.h"
#include "kernel/lib/types.h"

/*
 * Runs fn(member, arg) in a thread pinned to each processor, member being its place in cpus[], and
 * returns when all have ended. False: a thread could not be made, and the test is in error. Thread
 * context.
 */
bool percpu_run(void (*fn)(u32 member, void *arg), void *arg);

/* All members meet here before any goes on. Only in fn, and each member the same number of times.
 */
void percpu_meet(void);

/*
 * Returns when each processor has handled the interrupts that were pending on it at the call. A
 * test calls it before it takes the hook of an interrupt vector back, if threads that sent
 * themselves such an interrupt may have moved to another processor before it came. Thread context.
 */
void percpu_drain_interrupts(void);

/* Runs fn(arg) in a thread pinned to `cpu`, and waits for its end. Thread context. */
bool percpu_run_on(struct cpu *cpu, void (*fn)(void *arg), void *arg);

#endif

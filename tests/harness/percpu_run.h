/* SPDX-License-Identifier: MIT */
/* Runs one thread on each CPU at the same time: for tests of several CPUs. */
#ifndef KEYWARD_TESTS_HARNESS_PERCPU_RUN_H
#define KEYWARD_TESTS_HARNESS_PERCPU_RUN_H

#include "kernel/cpu/percpu.h"
#include "kernel/lib/types.h"

/*
 * Runs fn(member, arg) in one thread pinned to each CPU and joins them all. `member` is the CPU's
 * index in cpus[]. False: no memory for a thread; the test is in error. Thread context.
 */
bool percpu_run(void (*fn)(u32 member, void *arg), void *arg);

/* A barrier for all members. Only in fn; each member must call it the same number of times. */
void percpu_meet(void);

/*
 * Returns when each CPU has handled the interrupts that were pending on it at the call. A test must
 * call it before it resets an interrupt's hook if a thread that sent itself that interrupt may have
 * moved to another CPU before it was delivered. Thread context.
 */
void percpu_drain_interrupts(void);

/* Runs fn(arg) in a thread pinned to `cpu` and joins it. False: no memory. Thread context. */
bool percpu_run_on(struct cpu *cpu, void (*fn)(void *arg), void *arg);

#endif

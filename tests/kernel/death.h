/* SPDX-License-Identifier: MIT */
/* Threads that die, in each way that an instruction offers. */
#ifndef KEYWARD_TESTS_KERNEL_DEATH_H
#define KEYWARD_TESTS_KERNEL_DEATH_H

#include "kernel/thread.h"

/* A way to die: fn() raises this exception, which nothing handles. */
struct killer {
	void (*fn)(void);
	u64 vector;
};

#define KILLERS 8
extern const struct killer killers[KILLERS];

/* Kills the test's next thread. The test writes it while no such thread runs. */
extern const struct killer *killer;

/* Prepares a thread on `cpu` that may die unreported. NULL: the test has failed. */
struct thread *doomed(struct cpu *cpu, int (*fn)(void *), void *arg);

/* Checks that the running CPU, which is to be `cpu`, is as new. In a thread pinned to it. */
void check_cpu(void *cpu);

#endif

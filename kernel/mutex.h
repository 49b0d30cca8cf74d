/* SPDX-License-Identifier: MIT */
/* Mutexes: locks whose holder may sleep, send interrupts to other CPUs, and wait for them. */
#ifndef KEYWARD_KERNEL_MUTEX_H
#define KEYWARD_KERNEL_MUTEX_H

#include "kernel/wait.h"

/* `owner` changes by compare-and-swap, in thread context. NULL: free. */
struct mutex {
	struct thread *owner;
	struct waitq waiters;
};

void mutex_init(struct mutex *m);

/*
 * Takes the mutex; waits while another thread has it. A thread that has it already panics, as it
 * would wait for itself. Nobody may die while he has one: what it guards would stay locked. Thread
 * context, interrupts on, no spinlock held.
 */
void mutex_lock(struct mutex *m);

/* Gives it back; the caller must have it. Thread context. */
void mutex_unlock(struct mutex *m);

#endif

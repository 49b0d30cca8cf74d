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
 * would wait for itself. A thread that ends while it has one panics, as what it guards may be
 * half-changed. Thread context, interrupts on, no spinlock held.
 */
void mutex_lock(struct mutex *m);

/*
 * Gives it back; the caller must have it. Uses the mutex after another thread may have taken it, so
 * that one may free it only when this call has returned. Thread context.
 */
void mutex_unlock(struct mutex *m);

#endif

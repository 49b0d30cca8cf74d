/* SPDX-License-Identifier: MIT */
/* Wait queues: threads that wait until a condition holds. */
#ifndef KEYWARD_KERNEL_WAIT_H
#define KEYWARD_KERNEL_WAIT_H

#include "kernel/cpu/spinlock.h"
#include "kernel/lib/list.h"
#include "kernel/sched.h"
#include "kernel/thread.h"

struct waitq {
	struct spinlock lock;
	struct list_head waiters; /* threads, by wait_node; under the lock */
};

#define WAITQ_INIT(name)                                      \
	{                                                     \
		SPINLOCK_INIT, LIST_HEAD_INIT((name).waiters) \
	}

void waitq_init(struct waitq *wq);
void waitq_prepare(struct waitq *wq);
void waitq_finish(struct waitq *wq);

/* Wakes all waiting threads; make the condition true first. Any context but NMI. */
void waitq_wake(struct waitq *wq);

/*
 * Waits until `condition` holds, which the waiting thread evaluates after every wake-up. It joins
 * the queue before it looks, so a wake-up between the look and the sleep is not lost. The condition
 * must not wait itself. If it ends the thread, the thread leaves the queue (kernel/thread.c); the
 * queue must outlive its waiters.
 */
#define wait_event(wq, condition)          \
	do {                               \
		for (;;) {                 \
			waitq_prepare(wq); \
			if (condition)     \
				break;     \
			thread_block();    \
		}                          \
		waitq_finish(wq);          \
	} while (0)

#endif

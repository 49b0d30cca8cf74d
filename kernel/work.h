/* SPDX-License-Identifier: MIT */
/*
 * Work items: functions that one kernel thread runs one after another. Each is a context of its
 * own: it starts with the initial rights, and what it gains ends with it.
 */
#ifndef KEYWARD_KERNEL_WORK_H
#define KEYWARD_KERNEL_WORK_H

#include "kernel/lib/list.h"
#include "kernel/lib/types.h"

struct work {
	struct list_head node; /* under the queue's lock */
	bool pending;          /* queued and not yet begun; under the queue's lock */
	u32 done;              /* number of runs so far; read by work_wait() */
	void (*fn)(struct work *work);
};

/* Initializes an item, which must outlive its last run. */
void work_init(struct work *work, void (*fn)(struct work *work));

/* Queues it; false if it is queued already. Any context but NMI. */
bool work_queue(struct work *work);

/* Waits until it has run `times` times in all. Thread context. */
void work_wait(struct work *work, u32 times);

/* Starts the worker. Boot. */
void work_start(void);

#endif

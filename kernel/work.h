/* SPDX-License-Identifier: MIT */
/*
 * Work items: functions run one after another by a thread of the kernel's. Each is a context of
 * its own: it starts with the initial rights, and what it gains ends with it.
 */
#ifndef KEYWARD_KERNEL_WORK_H
#define KEYWARD_KERNEL_WORK_H

#include "kernel/lib/list.h"
#include "kernel/lib/types.h"

struct work {
	struct list_head node; /* under the queue's lock */
	bool pending;          /* queued and not yet begun; under the queue's lock */
	u32 done;              /* how often it was run; read by work_wait() */
	void (*fn)(struct work *work);
};

/* Makes an item; it must outlive its last run. */
void work_init(struct work *work, void (*fn)(struct work *work));

/* Queues it; false if it is queued already. Any context but NMI. */
bool work_queue(struct work *work);

/* Waits until it was run `times` times in all. Thread context. */
void work_wait(struct work *work, u32 times);

/* Starts the worker. Boot. */
void work_start(void);

#endif

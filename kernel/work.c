// SPDX-License-Identifier: MIT
#include "kernel/work.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/spinlock.h"
#include "kernel/ctx.h"
#include "kernel/lib/atomic.h"
#include "kernel/thread.h"
#include "kernel/wait.h"

static struct spinlock lock = SPINLOCK_INIT;
static struct list_head queue = LIST_HEAD_INIT(queue); /* under the lock */
static struct waitq to_do = WAITQ_INIT(to_do), done = WAITQ_INIT(done);

void work_init(struct work *work, void (*fn)(struct work *work))
{
	*work = (struct work){ .fn = fn };
	list_init(&work->node);
}

bool work_queue(struct work *work)
{
	u64 flags = spin_lock_irqsave(&lock);
	bool fresh = !work->pending;

	if (fresh) {
		work->pending = true;
		list_add_tail(&work->node, &queue);
	}
	spin_unlock_irqrestore(&lock, flags);
	if (fresh)
		waitq_wake(&to_do);
	return fresh;
}

void work_wait(struct work *work, u32 times)
{
	wait_event(&done, smp_load_acquire(&work->done) >= times);
}

static struct work *next_work(void)
{
	u64 flags = spin_lock_irqsave(&lock);
	struct work *work = NULL;

	if (!list_empty(&queue)) {
		work = list_entry(queue.next, struct work, node);
		list_del(&work->node);
		work->pending = false;
	}
	spin_unlock_irqrestore(&lock, flags);
	return work;
}

static int worker(void *arg)
{
	struct work *work;
	struct ctx ctx;

	(void)arg;
	for (;;) {
		wait_event(&to_do, (work = next_work()));
		ctx = ctx_enter(CTX_WORK, TRACE_WORK);
		work->fn(work);
		ctx_leave(ctx, CTX_WORK, TRACE_WORK);
		atomic_inc(&work->done);
		waitq_wake(&done);
	}
	return 0;
}

void work_start(void)
{
	struct thread *t = thread_prepare("worker", worker, NULL);

	if (!t)
		panic("no memory for the worker thread");
	t->essential = true;
	thread_launch(t);
}

// SPDX-License-Identifier: MIT
#include "kernel/wait.h"
#include "kernel/sched.h"

void waitq_init(struct waitq *wq)
{
	*wq = (struct waitq){ .waiters = { &wq->waiters, &wq->waiters } };
}

void waitq_prepare(struct waitq *wq)
{
	struct thread *t = current_thread();
	u64 flags = spin_lock_irqsave(&wq->lock);

	list_del(&t->wait_node);
	list_add_tail(&t->wait_node, &wq->waiters);
	t->waits_on = wq;
	t->state = THREAD_BLOCKED;
	spin_unlock_irqrestore(&wq->lock, flags);
}

void waitq_finish(struct waitq *wq)
{
	struct thread *t = current_thread();
	u64 flags = spin_lock_irqsave(&wq->lock);

	list_del(&t->wait_node);
	t->waits_on = NULL;
	t->state = THREAD_RUNNABLE;
	spin_unlock_irqrestore(&wq->lock, flags);
}

void waitq_wake(struct waitq *wq)
{
	u64 flags = spin_lock_irqsave(&wq->lock);

	list_for_each(node, &wq->waiters) thread_wake(list_entry(node, struct thread, wait_node));
	spin_unlock_irqrestore(&wq->lock, flags);
}

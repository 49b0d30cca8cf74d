// SPDX-License-Identifier: MIT
#include "kernel/mutex.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/percpu.h"
#include "kernel/lib/atomic.h"
#include "kernel/thread.h"

void mutex_init(struct mutex *m)
{
	m->owner = NULL;
	waitq_init(&m->waiters);
}

static bool take(struct mutex *m)
{
	struct thread *none = NULL;

	return try_cmpxchg(&m->owner, &none, current_thread());
}

static bool is_mine(const struct mutex *m)
{
	return READ_ONCE(m->owner) == current_thread();
}

void mutex_lock(struct mutex *m)
{
	BUG_ON(is_mine(m));
	if (!take(m))
		wait_event(&m->waiters, take(m));
	current_thread()->mutexes++;
}

void mutex_unlock(struct mutex *m)
{
	BUG_ON(!is_mine(m));
	current_thread()->mutexes--;
	smp_store_release(&m->owner, NULL);
	waitq_wake(&m->waiters);
}

// SPDX-License-Identifier: MIT
#include "tests/harness/actor.h"
#include "kernel/lib/atomic.h"
#include "tests/harness/expect.h"

static u32 get(const u32 *n)
{
	return smp_load_acquire(n);
}

static int play(void *arg)
{
	struct actor *a = arg;

	for (;;) {
		wait_event(&a->wq, get(&a->asked) != a->done);
		if (!a->fn)
			return 0;
		a->fn(a->arg);
		smp_store_release(&a->done, a->done + 1);
		waitq_wake(&a->wq);
	}
}

static void ask(struct actor *a, void (*fn)(void *), void *arg)
{
	a->fn = fn;
	a->arg = arg;
	smp_store_release(&a->asked, a->asked + 1);
	waitq_wake(&a->wq);
}

bool actor_start(struct actor *a, const char *name)
{
	*a = (struct actor){ 0 };
	waitq_init(&a->wq);
	a->thread = thread_create(name, play, a);
	return EXPECT(a->thread);
}

void actor_do(struct actor *a, void (*fn)(void *), void *arg)
{
	ask(a, fn, arg);
	wait_event(&a->wq, get(&a->done) == a->asked);
}

void actor_end(struct actor *a)
{
	ask(a, NULL, NULL);
	thread_join(a->thread);
}

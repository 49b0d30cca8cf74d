// SPDX-License-Identifier: MIT
/*
 * The paranoid build notices a spinlock that is released by a CPU that does not hold it. What this
 * cannot know: a lock that another thread of the same CPU releases.
 */
#define KTEST_SUITE "threads"

#include "kernel/cpu/percpu.h"
#include "kernel/cpu/spinlock.h"
#include "tests/harness/fixture.h"
#include "tests/harness/skip_panic.h"

#if CONFIG_PARANOID

static struct spinlock lock; /* only the test's thread takes it */

static void release(struct spinlock *held)
{
	spin_unlock(held);
}

/* Whether the kernel panics at a release of the lock by this CPU. */
static bool panics_at_release(void)
{
	u32 before = panics_skipped;

	call_that_may_panic((u64)release, (u64)&lock);
	return panics_skipped != before;
}

static void release_in_each_state(void)
{
	EXPECT(panics_at_release());
	lock.holder = this_cpu() + 1; /* another CPU, as far as an address tells */
	EXPECT(panics_at_release());
	spin_lock(&lock);
	EXPECT(!panics_at_release());
	EXPECT(!spin_is_locked(&lock));
}

static void only_its_holder_releases_a_lock(void)
{
	if (breakpoints_allowed())
		skip_panics(release_in_each_state);
}
KTEST(only_its_holder_releases_a_lock, KT_ONE_CPU);

#endif

// SPDX-License-Identifier: MIT
/*
 * What one CPU changes in an address space, another one that has it in its TLB sees at once. What
 * this cannot know: whether a TLB that drops entries by itself would have hidden a missing flush.
 */
#define KTEST_SUITE "gup"

#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/gup/fork.h"
#include "mm/gup/uaccess.h"
#include "tests/gup/space.h"
#include "tests/harness/fixture.h"

#define GONE (~0ULL)

static struct {
	u64 seen;  /* what the reader has read last, or GONE; it alone writes these two */
	u64 reads; /* how often */
	bool over;
} now;

static int read_on(void *arg)
{
	(void)arg;
	while (!READ_ONCE(now.over)) {
		u64 value;

		WRITE_ONCE(now.seen, copy_from_user(&value, SMALL_AT, 8) ? GONE : value);
		WRITE_ONCE(now.reads, now.reads + 1);
	}
	return 0;
}

/* A read that began when this was called is over, and so is one more. */
static u64 seen_now(void)
{
	u64 reads = READ_ONCE(now.reads);

	while (READ_ONCE(now.reads) < reads + 2)
		thread_yield();
	return READ_ONCE(now.seen);
}

static void other_cpus_see_a_change_at_once(void)
{
	struct mm_struct *mm = space_create(1, 1, NULL), *child;
	struct cpu *pinned = current_thread()->pinned;
	struct thread *reader;

	REQUIRE(mm);
	space_poke(mm, SMALL_AT, 1);
	now.reads = 0;
	now.over = false;
	thread_pin(cpus[1]);
	reader = mm_thread(mm, "reader", read_on, NULL);
	thread_pin(cpus[0]);
	REQUIRE(reader);
	for (u64 i = 2; i < ktest_rounds(); i++) {
		EXPECT_EQ(seen_now(), i - 1);
		EXPECT_EQ(mm_fork(mm, &child), 0);
		EXPECT_EQ(seen_now(), i - 1);
		space_poke(mm, SMALL_AT, i); /* to a copy */
		EXPECT_EQ(seen_now(), i);
		EXPECT_EQ(space_peek(child, SMALL_AT), i - 1);
		mm_destroy(child);
	}
	EXPECT_EQ(mm_unmap(mm, SMALL_AT, PAGE_SIZE), 0);
	EXPECT_EQ(seen_now(), GONE);
	WRITE_ONCE(now.over, true);
	EXPECT(!thread_join(reader).died);
	thread_pin(pinned);
	mm_destroy(mm);
}
KTEST(other_cpus_see_a_change_at_once, KT_SMP);

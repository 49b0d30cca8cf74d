// SPDX-License-Identifier: MIT
/*
 * Keys on several CPUs at once: no key has two owners, and no count is lost. What this cannot know:
 * a race that an emulator, or a machine with so few CPUs, never meets.
 */
#define KTEST_SUITE "keys"

#include "kernel/lib/atomic.h"
#include "pks/keys.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"

#define ALLOCATIONS 2000   /* of each CPU */
#define COUNTS      100000 /* likewise */

static u32
	holders[PKS_KEYS]; /* CPUs that have been given the key and have not freed it yet; atomic */
static u32 shared;         /* allocations of a key that another CPU had; atomic */
static u32 freed;          /* successful ones; atomic */

/* More CPUs than keys: some find none. */
static void allocate_and_free(u32 member, void *arg)
{
	(void)member;
	(void)arg;
	percpu_meet();
	for (u32 i = 0; i < ALLOCATIONS; i++) {
		int key = pks_key_alloc("several CPUs");

		if (key < 0)
			continue;
		if (atomic_add_return(1, &holders[key]) != 1)
			atomic_inc(&shared);
		atomic_dec(&holders[key]);
		if (pks_key_free((u32)key) == 0)
			atomic_inc(&freed);
	}
}

static void no_key_has_two_owners(void)
{
	shared = freed = 0;
	REQUIRE(percpu_run(allocate_and_free, NULL));
	EXPECT_EQ(shared, 0);
	if (cpu_count <= PKS_KEYS - PKS_KEY_FIRST_DYNAMIC)
		EXPECT_EQ(freed, cpu_count * ALLOCATIONS);
	for (u32 key = PKS_KEY_FIRST_DYNAMIC; key < PKS_KEYS; key++)
		EXPECT(!pks_key_owner(key));
}
KTEST(no_key_has_two_owners, KT_PKS | KT_SMP);

static void count(u32 member, void *arg)
{
	(void)member;
	(void)arg;
	percpu_meet();
	for (u32 i = 0; i < COUNTS; i++) {
		pks_changed();
		pks_key_add_pages(PKS_KEY_RO, 1);
	}
}

static void no_change_is_lost(void)
{
	s64 pages = pks_key_pages(PKS_KEY_RO), counted = cpu_count * COUNTS;
	u32 changes = pks_changes();

	REQUIRE(percpu_run(count, NULL));
	EXPECT_EQ(pks_changes() - changes, counted);
	EXPECT_EQ(pks_key_pages(PKS_KEY_RO) - pages, counted);
	pks_key_add_pages(PKS_KEY_RO, -counted);
	EXPECT_EQ(pks_key_pages(PKS_KEY_RO), pages);
}
KTEST(no_change_is_lost, KT_PKS | KT_SMP);

// SPDX-License-Identifier: MIT
/*
 * Keys that several allocate at once, and counts of several CPUs. What this cannot know: a race
 * that an emulator never meets.
 */
#define KTEST_SUITE "keys"

#include "kernel/time.h"
#include "pks/keys.h"
#include "tests/harness/fixture.h"
#include "tests/harness/int_at.h"
#include "tests/harness/percpu_run.h"

/* Long enough for a busy host to run two CPUs at once now and then. */
#define COUNT_NS 100000000ULL

static int inner,
	outer; /* the keys of the interrupt and of the thread; their order is the test's */
static bool twice;

static bool allocate_inside(struct regs *regs)
{
	(void)regs;
	inner = pks_key_alloc("inside");
	return true;
}

static void allocate(void *arg)
{
	(void)arg;
	outer = pks_key_alloc("outside");
}

static void free_both(void)
{
	twice |= inner == outer;
	EXPECT(outer > 0 && inner >= 0);
	EXPECT_EQ(pks_key_free((u32)outer), 0);
	if (inner > 0 && inner != outer)
		EXPECT_EQ(pks_key_free((u32)inner), 0);
	inner = 0;
}

/* An interrupt at each instruction of an allocation stands for another CPU that allocates too. */
static void no_key_has_two_owners(void)
{
	if (!int_at_possible())
		return;
	twice = false;
	inner = 0;
	EXPECT(int_at_each(allocate, NULL, VECTOR_TEST, allocate_inside, free_both) >
	       20 / ktest_part(INT_AT_PART));
	EXPECT(!twice);
	for (u32 key = PKS_KEY_FIRST_DYNAMIC; key < PKS_KEYS; key++)
		EXPECT(!pks_key_owner(key));
}
KTEST(no_key_has_two_owners, KT_PKS | KT_ONE_CPU);

static s64 counted; /* atomic */

static void count(u32 member, void *arg)
{
	u64 since;
	s64 n = 0;

	(void)member;
	(void)arg;
	percpu_meet();
	since = now_ns();
	do {
		for (u32 i = 0; i < 1000; i++, n++) {
			pks_changed();
			pks_key_add_pages(PKS_KEY_RO, 1);
		}
	} while (now_ns() - since < COUNT_NS);
	atomic_add(n, &counted);
}

static void no_change_is_lost(void)
{
	s64 pages = pks_key_pages(PKS_KEY_RO);
	u32 changes = pks_changes();

	counted = 0;
	REQUIRE(percpu_run(count, NULL));
	EXPECT_EQ(pks_changes() - changes, (u32)counted);
	EXPECT_EQ(pks_key_pages(PKS_KEY_RO) - pages, counted);
	pks_key_add_pages(PKS_KEY_RO, -counted);
	EXPECT_EQ(pks_key_pages(PKS_KEY_RO), pages);
}
KTEST(no_change_is_lost, KT_PKS | KT_SMP);

/* SPDX-License-Identifier: MIT */
/*
 * What a question to a warn-once table costs: reads and locked instructions, counted by a copy of
 * the function whose atomics count. Another CPU can come between a read and a locked instruction.
 */
#include "tests/host/harness.h"

#include "kernel/console/console.h"
#include "kernel/lib/atomic.h"

static unsigned reads, locked;
static struct {
	u64 *slot, site; /* what another CPU puts there before the next locked instruction */
} other;

static inline u64 counted_read(u64 value)
{
	reads++;
	return value;
}

static bool counted_cmpxchg(u64 *slot, u64 *old, u64 new)
{
	locked++;
	if (other.slot)
		*other.slot = other.site;
	other.slot = NULL;
	if (*slot == *old) {
		*slot = new;
		return true;
	}
	*old = *slot;
	return false;
}

static bool counted_xchg(bool *p, bool new)
{
	bool old = *p;

	locked++;
	*p = new;
	return old;
}

#undef READ_ONCE
#undef xchg
#undef try_cmpxchg
#define READ_ONCE(x)             counted_read(x)
#define xchg(p, v)               counted_xchg((p), (v))
#define try_cmpxchg(p, old, new) counted_cmpxchg((p), (old), (new))
#define warn_site                counted_warn_site
#define warn_sites_forget        counted_warn_sites_forget
#include "kernel/console/warn_site.c"

static struct warn_sites sites;

#define STEP 16 /* addresses of call sites are this near to one another */

static u64 nth_site(u32 n)
{
	return 0xffffffff80100000ULL + n * STEP;
}

static int begin(void **state)
{
	(void)state;
	warn_sites_forget(&sites);
	other.slot = NULL;
	return 0;
}

static bool ask(u64 site)
{
	reads = 0;
	locked = 0;
	return warn_site(&sites, site);
}

static void a_known_site_costs_no_locked_instruction(void **state)
{
	(void)state;
	for (u32 known = 1; known <= WARN_SITES; known++) {
		assert_true(ask(nth_site(known)));
		assert_int_equal(locked, 1);
		for (u32 n = 1; n <= known; n++) {
			assert_false(ask(nth_site(n)));
			assert_int_equal(locked, 0);
		}
	}
}

/* Half full, a question looks at few slots, whichever site came first. */
static void a_known_site_is_found_at_once(void **state)
{
	unsigned total = 0;

	(void)state;
	for (u32 n = 1; n <= WARN_SITES / 2; n++)
		assert_true(ask(nth_site(n)));
	for (u32 n = 1; n <= WARN_SITES / 2; n++) {
		assert_false(ask(nth_site(n)));
		total += reads + locked;
	}
	assert_true(total <= WARN_SITES / 2 * 4); /* two slots each, and `full` */
}

/* After the report that there is no slot, an answer needs no scan: for a site that has one, too. */
static void a_full_table_is_not_searched(void **state)
{
	(void)state;
	for (u32 n = 1; n <= WARN_SITES; n++)
		assert_true(ask(nth_site(n)));
	assert_false(ask(nth_site(WARN_SITES + 1)));
	assert_int_equal(locked, 1); /* the one that reports */
	for (u32 n = 1; n < 10 * WARN_SITES; n++) {
		assert_false(ask(nth_site(n)));
		assert_int_equal(locked, 0);
		assert_true(reads <= 2);
	}
}

/* Another CPU takes the slot first: for the same site that is an answer, else the next slot is. */
static void a_lost_race_warns_once(void **state)
{
	u64 site = nth_site(5), *slot = NULL;

	(void)state;
	assert_true(ask(site));
	for (u32 i = 0; i < WARN_SITES; i++)
		if (sites.site[i] == site)
			slot = &sites.site[i];
	assert_non_null(slot);
	begin(NULL);
	other.slot = slot;
	other.site = site;
	assert_false(ask(site));
	begin(NULL);
	other.slot = slot;
	other.site = site + 1;
	assert_true(ask(site));
	assert_int_equal(*slot, site + 1);
	assert_false(ask(site));
	assert_int_equal(locked, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_known_site_costs_no_locked_instruction, begin),
		cmocka_unit_test_setup(a_known_site_is_found_at_once, begin),
		cmocka_unit_test_setup(a_full_table_is_not_searched, begin),
		cmocka_unit_test_setup(a_lost_race_warns_once, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

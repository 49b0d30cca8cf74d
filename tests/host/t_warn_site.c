/* SPDX-License-Identifier: MIT */
/* Warn-once tables: each site once, and one report when there is no place for more. */
#include "tests/host/harness.h"

#include "kernel/console/warn_site.h"
#include "tests/host/console_stub.h"

static struct warn_sites sites;

static int begin(void **state)
{
	(void)state;
	warn_sites_forget(&sites);
	pr_calls = 0;
	return 0;
}

static void each_site_once(void **state)
{
	(void)state;
	assert_true(warn_site(&sites, 5));
	assert_true(warn_site(&sites, ~0ULL));
	for (int i = 0; i < 3; i++) {
		assert_false(warn_site(&sites, 5));
		assert_false(warn_site(&sites, ~0ULL));
	}
	assert_int_equal(pr_calls, 0);
}

static void fill(void)
{
	for (u64 site = 1; site <= WARN_SITES; site++)
		assert_true(warn_site(&sites, site));
}

static void too_many_are_reported_once(void **state)
{
	(void)state;
	fill();
	assert_false(warn_site(&sites, WARN_SITES)); /* it has a place */
	assert_int_equal(pr_calls, 0);
	for (u64 site = WARN_SITES + 1; site < WARN_SITES + 10; site++)
		assert_false(warn_site(&sites, site));
	assert_int_equal(pr_calls, 1);
	assert_string_equal(pr_last, "# WARNING: too many call sites: further ones are not warned "
				     "about\n");
}

static void forgotten_sites_begin_again(void **state)
{
	(void)state;
	fill();
	assert_false(warn_site(&sites, WARN_SITES + 1));
	warn_sites_forget(&sites);
	fill();
	assert_false(warn_site(&sites, WARN_SITES + 1));
	assert_int_equal(pr_calls, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_site_once, begin),
		cmocka_unit_test_setup(too_many_are_reported_once, begin),
		cmocka_unit_test_setup(forgotten_sites_begin_again, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * The fault policy, against the modes' definition: only an open page can be pardoned, STRICT
 * pardons none, RELAXED pardons and warns, SILENT pardons; and OFF never expects a fault.
 */
#include "tests/host/harness.h"

#include "pks/policy.h"

static void closed_pages_die(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < PKS_MODES; mode++)
		assert_int_equal(pks_policy((enum pks_mode)mode, false), PKS_DIE);
}

static void open_pages_by_mode(void **state)
{
	(void)state;
	assert_int_equal(pks_policy(PKS_MODE_OFF, true), PKS_DIE);
	assert_int_equal(pks_policy(PKS_MODE_STRICT, true), PKS_DIE);
	assert_int_equal(pks_policy(PKS_MODE_RELAXED, true), PKS_PARDON_WARN);
	assert_int_equal(pks_policy(PKS_MODE_SILENT, true), PKS_PARDON);
}

static void unknown_modes_die(void **state)
{
	(void)state;
	for (unsigned mode = PKS_MODES; mode < 100; mode++)
		assert_int_equal(pks_policy((enum pks_mode)mode, true), PKS_DIE);
	assert_int_equal(pks_policy((enum pks_mode)0x80000000, true), PKS_DIE);
	assert_int_equal(pks_policy((enum pks_mode) - 1, true), PKS_DIE);
}

/* All eight states of a page; a page that is not known has no state to believe. */
static void pages_by_gate(void **state)
{
	static const struct {
		struct pks_page_state page; /* known, devmap, unprotected */
		bool kmapped, any;          /* whether the gate lets it be pardoned */
	} cases[] = {
		{ { false, false, false }, false, false }, { { false, false, true }, false, false },
		{ { false, true, false }, false, false },  { { false, true, true }, false, false },
		{ { true, false, false }, false, false },  { { true, false, true }, true, true },
		{ { true, true, false }, false, true },    { { true, true, true }, true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(pks_page_open(PKS_GATE_KMAPPED, cases[i].page), cases[i].kmapped);
		assert_int_equal(pks_page_open(PKS_GATE_ANY, cases[i].page), cases[i].any);
		/* A gate that does not exist is no wider than the narrow one. */
		assert_int_equal(pks_page_open((enum pks_gate)7, cases[i].page), cases[i].kmapped);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed_pages_die),
		cmocka_unit_test(open_pages_by_mode),
		cmocka_unit_test(unknown_modes_die),
		cmocka_unit_test(pages_by_gate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

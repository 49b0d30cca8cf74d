/* SPDX-License-Identifier: MIT */
/* The options' values as words. */
#include "tests/host/harness.h"

#include "kernel/option_names.h"

static void names_of_values(void **state)
{
	(void)state;
	assert_string_equal(pks_mode_name(PKS_MODE_SILENT), "silent");
	assert_string_equal(pks_mode_name((enum pks_mode)4), "invalid");
	assert_string_equal(pks_mode_name((enum pks_mode) - 1), "invalid");
	assert_string_equal(pks_gate_name(PKS_GATE_ANY), "any");
	assert_string_equal(pks_gate_name((enum pks_gate)2), "invalid");
	assert_string_equal(exit_action_name(EXIT_HALT), "halt");
	assert_string_equal(exit_action_name((enum exit_action)3), "invalid");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

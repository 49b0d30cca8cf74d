/* SPDX-License-Identifier: MIT */
/* The options' values as words, and back. */
#include "tests/host/harness.h"

#include "boot/cmdline.h"
#include "kernel/lib/option_names.h"
#include "tests/host/options_check.h"

static void names_of_values(void **state)
{
	(void)state;
	assert_string_equal(pks_mode_name(PKS_MODE_SILENT), "silent");
	assert_string_equal(pks_mode_name((enum pks_mode)4), "invalid");
	assert_string_equal(pks_mode_name((enum pks_mode) - 1), "invalid");
	assert_string_equal(pks_gate_name(PKS_GATE_ANY), "any");
	assert_string_equal(pks_gate_name((enum pks_gate)2), "invalid");
	assert_string_equal(pks_scope_name(PKS_SCOPE_CONTEXT), "context");
	assert_string_equal(pks_scope_name(PKS_SCOPE_INSTRUCTION), "instruction");
	assert_string_equal(pks_scope_name(PKS_SCOPE_GLOBAL), "global");
	assert_string_equal(pks_scope_name((enum pks_scope)3), "invalid");
	assert_string_equal(exit_action_name(EXIT_HALT), "halt");
	assert_string_equal(exit_action_name((enum exit_action)4), "invalid");
}

static void no_complaint(const char *message, void *arg)
{
	(void)arg;
	fail_msg("%s", message);
}

static void rendered_and_read_again(void **state)
{
	static const char *const lines[] = {
		"",
		"pks=silent gate=any exit=monitor seed=0xffffffffffffffff repeat=77 cpus=3 mem=3G",
		"reserve=5G+4K,0x1000+1,7T+1T paging=4",
		"matrix=list case=kind:add,us:leaf-s avoid=set-dirty paging=5 apic=x2apic",
		"pardon=instruction magic=write,pardon bench=on trace=on tests=\"* , \\\" \\\\\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct options first, again;
		char line[2048];

		cmdline_parse(lines[i], &first, no_complaint, NULL);
		options_render(&first, line);
		cmdline_parse(line, &again, no_complaint, NULL);
		assert_true(options_equal(&first, &again));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_values),
		cmocka_unit_test(rendered_and_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

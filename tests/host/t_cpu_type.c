/* SPDX-License-Identifier: MIT */
/* Family, model, stepping and core type in words: signatures from published CPUID dumps. */
#include "tests/host/harness.h"

#include "kernel/cpu/cpu_type.h"

static void expect(u32 signature, u8 core, bool pks, const char *want)
{
	struct cpu_type type = { signature, core, pks };
	char *text = malloc(CPU_TYPE_TEXT);

	cpu_type_print(&type, text);
	assert_string_equal(text, want);
	free(text);
}

static void signatures_are_decoded(void **state)
{
	(void)state;
	expect(0x000806f8, 0, true, "family 6, model 8fH, stepping 8, pks"); /* Sapphire Rapids */
	expect(0x000c0662, 0x40, true, "family 6, model c6H, stepping 2, P core, pks");
	expect(0x000c0662, 0x20, true, "family 6, model c6H, stepping 2, E core, pks");
	expect(0x000806c1, 0, false, "family 6, model 8cH, stepping 1, no pks");  /* Tiger Lake */
	expect(0x00a20f12, 0, false, "family 25, model 21H, stepping 2, no pks"); /* Zen 3 */
	expect(0x00000f4a, 0, false, "family 15, model 04H, stepping 10, no pks");
	expect(0x00000543, 0, false, "family 5, model 04H, stepping 3, no pks");
	expect(0xfffffff5, 0x99, false,
	       "family 270, model ffH, stepping 5, core of another type, no pks");
}

static void types_differ_in_each_part(void **state)
{
	const struct cpu_type a = { 0xc0662, 0x40, true };
	struct cpu_type b = a;

	(void)state;
	assert_true(cpu_type_same(&a, &b));
	b.signature++;
	assert_false(cpu_type_same(&a, &b));
	b = a;
	b.core = 0x20;
	assert_false(cpu_type_same(&a, &b));
	b = a;
	b.pks = false;
	assert_false(cpu_type_same(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_are_decoded),
		cmocka_unit_test(types_differ_in_each_part),
	};

	return cmocka_run_group_tests_name("cpu_type", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The enumeration of sequences (tests/interleave/sequence.h), and which names are valid. */
#include "tests/host/harness.h"

#include "tests/interleave/sequence.h"

/* The kind of a letter, computed independently of the enumeration. */
static u32 kind(char letter)
{
	static const char *const kinds[SEQUENCE_KINDS] = {
		"m", "u", "lo", "d", "wr", "y", "12345"
	};
	u32 k = 0;

	while (!strchr(kinds[k], letter))
		assert_in_range(++k, 0, SEQUENCE_KINDS - 1);
	return k;
}

/* The enumeration gives all of them, none twice, each valid. */
static void every_sequence_comes_once(void **state)
{
	u8 *seen = calloc(SEQUENCES, 1);

	(void)state;
	assert_non_null(seen);
	for (u32 n = 0; n < SEQUENCES; n++) {
		char steps[SEQUENCE_LENGTH + 1];
		u32 index = 0;
		const char *why;

		sequence_get(n, sequence_variant(n % SEQUENCE_VARIANTS), steps);
		assert_int_equal(strlen(steps), SEQUENCE_LENGTH);
		assert_true(sequence_valid(steps, &why));
		for (u32 i = 0; i < SEQUENCE_LENGTH; i++)
			index = index * SEQUENCE_KINDS + kind(steps[i]);
		assert_in_range(index, 0, SEQUENCES - 1);
		assert_int_equal(seen[index]++, 0);
	}
	free(seen);
}

static void each_variant_comes_once(void **state)
{
	char steps[SEQUENCE_LENGTH + 1];
	u32 all_local = 2 * (1 + 7 + 49 + 343 + 2401 + 16807), seen[2][SEQUENCE_LOCALS][9] = { 0 };

	(void)state;
	for (u32 v = 0; v < SEQUENCE_VARIANTS; v++) {
		struct sequence_variant variant = sequence_variant(v);

		assert_in_range(variant.interrupt, 0, STEP_INTERRUPTS - 1);
		assert_in_range(variant.local, 0, SEQUENCE_LOCALS - 1);
		assert_int_equal(seen[variant.read][variant.local][variant.interrupt]++, 0);
		sequence_get(all_local, variant, steps);
		assert_string_equal(steps, variant.local == LOCAL_WRITES  ? "llllll"
					   : variant.local == LOCAL_READS ? "oooooo"
									  : "ololol");
		sequence_get(all_local * 2, variant, steps);
		assert_string_equal(steps, variant.read ? "rrrrrr" : "wwwwww");
		sequence_get(all_local * 3, variant, steps);
		assert_int_equal(steps[3], '1' + variant.interrupt);
		assert_true(sequence_has_interrupt(steps));
	}
	sequence_get(0, sequence_variant(0), steps);
	assert_string_equal(steps, "mmmmmm");
	assert_false(sequence_has_interrupt(steps));
}

static void each_policy_comes_once(void **state)
{
	bool seen[PKS_MODES][PKS_GATES][PKS_SCOPES] = { 0 };

	(void)state;
	for (u32 i = 0; i < SEQUENCE_POLICIES; i++) {
		struct pks_policy p = sequence_policy(i);

		assert_in_range(p.mode, 0, PKS_MODES - 1);
		assert_in_range(p.gate, 0, PKS_GATES - 1);
		assert_in_range(p.scope, 0, PKS_SCOPES - 1);
		assert_false(seen[p.mode][p.gate][p.scope]);
		seen[p.mode][p.gate][p.scope] = true;
	}
}

/* The handlers' programs consist of steps that a handler can take. */
static void interrupt_programs_are_valid(void **state)
{
	const char *why;

	(void)state;
	for (u32 i = 0; i < STEP_INTERRUPTS; i++) {
		const char *program = interrupt_program((char)('1' + i));

		assert_true(sequence_valid(program, &why));
		assert_false(sequence_has_interrupt(program));
		assert_null(strchr(program, STEP_YIELD));
		assert_non_null(strpbrk(program, "wr"));
	}
}

static void refuse(const char *steps, const char *words)
{
	const char *why = NULL;
	char *copy = exact_string(steps);

	assert_false(sequence_valid(copy, &why));
	assert_non_null(strstr(why, words));
	free(copy);
}

static void wrong_names_are_refused(void **state)
{
	char longest[SEQUENCE_MAX + 2];
	const char *why;

	(void)state;
	assert_true(sequence_valid("mulodwry12345", &why));
	refuse("", "no step");
	refuse("mwx", "one of m u l o d w r y");
	refuse("m6", "one of");
	refuse("m0", "one of");
	refuse("M", "one of");
	refuse("m w", "one of");
	refuse("\xff", "one of");
	memset(longest, 'm', sizeof(longest));
	longest[SEQUENCE_MAX + 1] = '\0';
	refuse(longest, "63");
	longest[SEQUENCE_MAX] = '\0';
	assert_true(sequence_valid(longest, &why));
	memset(longest, 'o', MODEL_NESTED);
	assert_true(sequence_valid(longest, &why));
	longest[MODEL_NESTED] = 'l';
	refuse(longest, "16");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sequence_comes_once),
		cmocka_unit_test(each_variant_comes_once),
		cmocka_unit_test(each_policy_comes_once),
		cmocka_unit_test(interrupt_programs_are_valid),
		cmocka_unit_test(wrong_names_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

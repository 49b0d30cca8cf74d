/* SPDX-License-Identifier: MIT */
/* The enumerations of sequences (tests/interleave/sequence.h), and which names are valid. */
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

/* Returns NULL, or why not. */
static const char *invalid(const char *name)
{
	struct sequence s;

	return sequence_parse(name, &s);
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

		sequence_get(n, sequence_variant(n % SEQUENCE_VARIANTS), steps);
		assert_int_equal(strlen(steps), SEQUENCE_LENGTH);
		assert_null(invalid(steps));
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

		assert_in_range(variant.interrupt, 0, SEQUENCE_INTERRUPTS - 1);
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

/* The kind of a step in a wide sequence, and whether it is about the other page. */
static u32 wide_kind(struct step step, bool *other)
{
	static const char *const kinds[] = { "m", "u", "lo", "d", "wr", "t", "e" };
	u32 k = 0;

	if (strchr("ghvx", step.letter))
		return 16 + (step.letter == 'v') + 2 * (step.letter == 'x');
	if (step.letter == 'y' || step_is_interrupt(step.letter))
		return 14 + (step.letter == 'y');
	while (!strchr(kinds[k], step.letter))
		assert_in_range(++k, 0, ARRAY_SIZE(kinds) - 1);
	*other = step.page != PAGE_FIRST;
	return k + 7 * *other;
}

/* All strings of four, with a second page of the key and again with a page of another key. */
static void every_wide_sequence_comes_once(void **state)
{
	u8 *seen = calloc(WIDE_SEQUENCES, 1);
	u32 letters[128] = { 0 };

	(void)state;
	assert_non_null(seen);
	for (u32 n = 0; n < WIDE_SEQUENCES; n++) {
		bool second = n < WIDE_SEQUENCES / 2;
		struct sequence s;
		const char *text = s.steps;
		u32 index = 0, length = 0;

		sequence_get_wide(n, &s);
		assert_null(invalid(s.steps));
		for (; *text; length++) {
			struct step step = step_next(&text);
			bool other = false;

			index = index * 19 + wide_kind(step, &other);
			if (other)
				assert_int_equal(step.page, second ? PAGE_SECOND : PAGE_OTHER);
			letters[(u8)step.letter]++;
		}
		assert_int_equal(length, 4);
		assert_in_range(index, 0, 19 * 19 * 19 * 19 - 1);
		assert_int_equal(seen[2 * index + second]++, 0);
	}
	for (const char *c = "mulodwrteghvyx123456"; *c; c++)
		assert_in_range(letters[(u8)*c], 1000, WIDE_SEQUENCES);
	free(seen);
}

/* Every letter for every page comes at every place; the seed alone decides. */
static void long_sequences_have_every_step(void **state)
{
	static u32 seen[LONG_LENGTH][MODEL_PAGES][128];

	(void)state;
	for (u64 seed = 0; seed < 10000; seed++) {
		struct sequence s, again;
		const char *text = s.steps;

		sequence_get_long(seed, &s);
		sequence_get_long(seed, &again);
		assert_string_equal(s.steps, again.steps);
		assert_null(invalid(s.steps));
		for (u32 i = 0; i < LONG_LENGTH; i++) {
			struct step step = step_next(&text);

			seen[i][step.page][(u8)step.letter]++;
		}
		assert_int_equal(*text, 0);
	}
	for (u32 i = 0; i < LONG_LENGTH; i++) {
		for (const char *c = "mulodwrteghvyx123456"; *c; c++)
			assert_in_range(seen[i][PAGE_FIRST][(u8)*c], 100, 1000);
		for (const char *c = "mulodwrte"; *c; c++)
			assert_in_range(seen[i][PAGE_SECOND][(u8)*c], 100, 1000);
		for (const char *c = "mulodwrteghv"; *c; c++)
			assert_in_range(seen[i][PAGE_OTHER][(u8)*c], 100, 1000);
	}
}

/* Each pair of the 16 keys comes about equally often, under each policy and in each slice. */
static void all_pairs_of_keys_take_turns(void **state)
{
	static const u32 strides[] = { 1, 24, 24 * 59, 24 * 157 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(strides); i++) {
		u32 seen[16][16] = { 0 };

		for (u32 n = 0; n < 225 * 40; n++) {
			struct sequence s;

			sequence_keys(n * strides[i], &s);
			assert_in_range(s.key[0], 1, 15);
			assert_in_range(s.key[1], 0, 15);
			assert_int_not_equal(s.key[0], s.key[1]);
			seen[s.key[0]][s.key[1]]++;
		}
		for (u32 first = 1; first < 16; first++)
			for (u32 other = 0; other < 16; other++)
				if (first != other)
					assert_in_range(seen[first][other], 10, 100);
	}
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
	(void)state;
	for (u32 i = 0; i < STEP_INTERRUPTS; i++) {
		const char *program = interrupt_program((char)('1' + i));

		assert_null(invalid(program));
		assert_false(sequence_has_interrupt(program));
		assert_null(strpbrk(program, "yx"));
		assert_non_null(strpbrk(program, "wr"));
	}
}

static void refuse(const char *steps, const char *words)
{
	char *copy = exact_string(steps);
	const char *why = invalid(copy);

	assert_non_null(why);
	assert_non_null(strstr(why, words));
	free(copy);
}

static void wrong_names_are_refused(void **state)
{
	char longest[SEQUENCE_MAX + 2];

	(void)state;
	assert_null(invalid("mulodwrtey123456"));
	refuse("", "no step");
	refuse("@1,2", "no step");
	refuse("mwz", "one of m u l o d t e w r");
	refuse("m7", "one of");
	refuse("m0", "one of");
	refuse("G", "one of");
	refuse("Y", "one of");
	refuse(".x", "one of");
	refuse(".M", "one of");
	refuse("m.", "one of");
	refuse("..m", "one of");
	refuse("m w", "one of");
	refuse("\xff", "one of");
	memset(longest, 'm', sizeof(longest));
	longest[SEQUENCE_MAX + 1] = '\0';
	refuse(longest, "63");
	longest[SEQUENCE_MAX] = '\0';
	assert_null(invalid(longest));
	assert_null(invalid("otOT.o.tgh.g.hlLolLlmMuUdD"));
	assert_null(invalid("otOT.o.tgh.g.hlLol.lT1234mMuUdD"));
	refuse("otOT.o.tgh.g.hlLolLlg", "16");
	refuse("otOT.o.tgh.g.hlLolLlwT", "16");
}

static void a_name_may_give_the_keys(void **state)
{
	static const char *const wrong[] = { "m@",     "m@1",     "m@1,",   "m@,2",   "m@0,1",
					     "m@16,1", "m@1,16",  "m@3,3",  "m@1,2,", "m@1,2 ",
					     "m@a,b",  "m@-1,2",  "m@1 ,2", "m@@1,2", "m@0001,2",
					     "m@1,2@", "m@257,2", "m@1,256" };
	struct sequence s;

	(void)state;
	assert_null(sequence_parse("mw", &s));
	assert_int_equal(s.key[0], 1);
	assert_int_equal(s.key[1], 3);
	for (u8 first = 1; first < 16; first++) {
		for (u8 other = 0; other < 16; other++) {
			char name[16];

			snprintf(name, sizeof(name), "mW.w@%u,%u", first, other);
			if (first == other)
				continue;
			assert_null(sequence_parse(name, &s));
			assert_string_equal(s.steps, "mW.w");
			assert_int_equal(s.key[0], first);
			assert_int_equal(s.key[1], other);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		refuse(wrong[i], "@1,0 to @14,15");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sequence_comes_once),
		cmocka_unit_test(each_variant_comes_once),
		cmocka_unit_test(every_wide_sequence_comes_once),
		cmocka_unit_test(long_sequences_have_every_step),
		cmocka_unit_test(all_pairs_of_keys_take_turns),
		cmocka_unit_test(each_policy_comes_once),
		cmocka_unit_test(interrupt_programs_are_valid),
		cmocka_unit_test(wrong_names_are_refused),
		cmocka_unit_test(a_name_may_give_the_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

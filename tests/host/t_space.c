/* SPDX-License-Identifier: MIT */
/* Cases: a printed name parses as the same case, an error says what is accepted; rights, rows. */
#include "tests/host/harness.h"

#include "tests/matrix/space.h"

#define CASES 200000

static u64 random_state = 0x9e3779b97f4a7c15ull;

static u32 random_below(u32 n)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(random_state >> 33) % n;
}

static struct mcase random_case(void)
{
	struct mcase c;

	for (u32 a = 0; a < AXES; a++)
		c.v[a] = (u8)random_below(axis_values(a));
	return c;
}

/* Parses a copy of exactly its length. */
static bool parse(const char *text, struct mcase *c, u32 *free_axes, char why[256])
{
	char *copy = exact_string(text);
	bool good = case_parse(copy, c, free_axes, why, 256);

	free(copy);
	return good;
}

static void assert_reads_as(const char *text, const struct mcase *expected)
{
	struct mcase c;
	char why[256];
	u32 free_axes = ~0u;

	if (!parse(text, &c, &free_axes, why))
		fail_msg("%s: %s", text, why);
	assert_int_equal(free_axes, 0);
	assert_memory_equal(&c, expected, sizeof(c));
}

static void names_round_trip(void **state)
{
	(void)state;
	for (u32 i = 0; i < CASES; i++) {
		struct mcase c = random_case();
		char name[CASE_NAME_MAX];

		case_print(&c, name, sizeof(name));
		assert_true(strlen(name) < sizeof(name) - 1);
		assert_reads_as(name, &c);
	}
}

static void the_first_values_are_the_default(void **state)
{
	static const struct mcase first;
	char name[CASE_NAME_MAX];

	(void)state;
	case_print(&first, name, sizeof(name));
	assert_string_equal(name, "default");
	assert_reads_as("default", &first);
	assert_true(case_valid(&first));
}

/* Each value alone, and in any order; of a repeated axis the last value counts. */
static void values_are_found_by_name(void **state)
{
	(void)state;
	for (u32 a = 0; a < AXES; a++)
		for (u32 v = 0; v < axis_values(a); v++) {
			struct mcase c = { 0 };
			char text[64];

			c.v[a] = (u8)v;
			snprintf(text, sizeof(text), "%s:%s", axis_name(a), value_name(a, v));
			assert_reads_as(text, &c);
			snprintf(text, sizeof(text), "%s:%s,%s:%s", axis_name(a), value_name(a, 0),
				 axis_name(a), value_name(a, v));
			assert_reads_as(text, &c);
		}
	assert_reads_as("key:3,kind:write", &(struct mcase){ { KIND_WRITE, 0, 2 } });
}

static void names_are_unique(void **state)
{
	(void)state;
	for (u32 a = 0; a < AXES; a++) {
		for (u32 b = 0; b < a; b++)
			assert_string_not_equal(axis_name(a), axis_name(b));
		for (u32 v = 0; v < axis_values(a); v++)
			for (u32 w = 0; w < v; w++)
				assert_string_not_equal(value_name(a, v), value_name(a, w));
	}
}

static void a_star_leaves_the_axis_free(void **state)
{
	struct mcase c;
	char why[256];
	u32 free_axes;

	(void)state;
	assert_true(parse("key:*,kind:pop,tlb:*", &c, &free_axes, why));
	assert_int_equal(free_axes, 1u << AXIS_KEY | 1u << AXIS_TLB);
	assert_int_equal(c.v[AXIS_KIND], KIND_POP);
	assert_int_equal(c.v[AXIS_KEY], 0);
	for (u32 a = 0; a < AXES; a++) {
		char text[32];

		snprintf(text, sizeof(text), "%s:*", axis_name(a));
		assert_true(parse(text, &c, &free_axes, why));
		assert_int_equal(free_axes, 1u << a);
	}
}

static void assert_error_names(const char *text, const char *const *names, u32 count)
{
	struct mcase c;
	char why[256];
	u32 free_axes;

	assert_false(parse(text, &c, &free_axes, why));
	assert_null(strchr(why, '\n'));
	for (u32 i = 0; i < count; i++)
		if (!strstr(why, names[i]))
			fail_msg("\"%s\": no %s in: %s", text, names[i], why);
}

static void errors_name_the_axes(void **state)
{
	static const char *const texts[] = { "",           ",",
					     "kind",       "kinds:read",
					     ":read",      "Kind:read",
					     "kind:read,", "default,kind:read",
					     " kind:read", "kind:read,colour:red" };
	const char *names[AXES];

	(void)state;
	for (u32 a = 0; a < AXES; a++)
		names[a] = axis_name(a);
	for (u32 i = 0; i < ARRAY_SIZE(texts); i++)
		assert_error_names(texts[i], names, AXES);
}

/* Each value is named where all have room; else those that are named and the number of the others
 * are all. */
static void errors_name_the_values(void **state)
{
	(void)state;
	for (u32 a = 0; a < AXES; a++) {
		static const char *const wrong[] = { "", "purple", "**", "*:", " *" };
		char text[64], why[256 + 1], word[64]; /* one for a space */
		struct mcase c;

		for (u32 i = 0; i < ARRAY_SIZE(wrong); i++) {
			u32 free_axes, named = 0;
			const char *more;

			snprintf(text, sizeof(text), "%s:%s", axis_name(a), wrong[i]);
			assert_false(parse(text, &c, &free_axes, why));
			assert_null(strchr(why, '\n'));
			more = strstr(why, " and ");
			strcat(why, " ");
			for (u32 v = 0; v < axis_values(a); v++) {
				snprintf(word, sizeof(word), " %s ", value_name(a, v));
				named += strstr(why, word) != NULL;
			}
			assert_true(named + (more ? (u32)atoi(more + 5) : 0) == axis_values(a));
			assert_true(!more || named > 20);
		}
	}
}

/* A slip of the pen: the value that was meant comes first. */
static void errors_name_the_nearest_value_first(void **state)
{
	static const char *const slips[][2] = { { "kind:frame-gattte", "* frame-gate " },
						{ "kind:cmpxchgg", "* cmpxchg " },
						{ "kind:reae", "* read " },
						{ "tlb:wrmsrr", "* wrmsr " } };
	struct mcase c;
	char why[256];
	u32 free_axes;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(slips); i++) {
		assert_false(parse(slips[i][0], &c, &free_axes, why));
		if (!strstr(why, slips[i][1]))
			fail_msg("\"%s\": no %s in: %s", slips[i][0], slips[i][1], why);
	}
}

/* IA32_PKRS has the case's rights for its key, and always leaves the home's key open. */
static void pkrs_has_the_rights_of_the_case(void **state)
{
	(void)state;
	for (u32 i = 0; i < CASES; i++) {
		struct mcase c = random_case();
		u32 pkrs = case_pkrs(&c, false), home = case_home_key(&c);
		u32 others = c.v[AXIS_OTHERS];

		assert_int_equal(pkrs >> (2 * case_key(&c)) & 3, c.v[AXIS_RIGHTS]);
		assert_int_equal((pkrs | case_pkrs(&c, true)) >> (2 * home) & 3, 0);
		assert_int_equal(case_pkru(&c, false) >> (2 * home) & 3, 0);
		assert_int_equal(case_pkru(&c, true) >> (2 * home) & 3, 0);
		assert_int_not_equal(home, case_key(&c));
		assert_int_not_equal(case_old_key(&c), case_key(&c));
		if (others == OTHERS_OPEN)
			assert_int_equal(pkrs & ~(3u << (2 * case_key(&c))), 0);
		if (others == OTHERS_DENIED)
			assert_int_equal(pkrs | 3u << (2 * case_key(&c)) | 3u << (2 * home), ~0u);
	}
}

/* Each case is in one row; with mixed others all of a row share one value of IA32_PKRS. */
static void rows_partition_the_space(void **state)
{
	(void)state;
	for (u32 i = 0; i < CASES; i++) {
		struct mcase c = random_case(), row = row_of_case(&c);
		struct mcase back = row_case(&row, c.v[AXIS_KEY]);
		struct mcase other = row_case(&row, random_below(KEY_NUMBERS - 1));

		assert_memory_equal(&back, &c, sizeof(c));
		back = row_of_case(&other);
		assert_memory_equal(&back, &row, sizeof(row));
		if (c.v[AXIS_OTHERS] < OTHERS_MIX || case_home_key(&c))
			continue;
		assert_int_equal(case_pkrs(&c, false), case_pkrs(&other, false));
	}
}

/*
 * Any two keys have different rights in at least one mix, so that no wrong key is taken for the
 * right one.
 */
static void mixes_distinguish_keys(void **state)
{
	(void)state;
	for (u32 key = 2; key < KEY_NUMBERS; key++)
		for (u32 other = 2; other < KEY_NUMBERS; other++) {
			struct mcase c = { { [AXIS_KEY] = (u8)(key - 1) } };
			u32 differ = 0;

			for (u32 mix = OTHERS_MIX; mix < axis_values(AXIS_OTHERS); mix++) {
				c.v[AXIS_OTHERS] = (u8)mix;
				differ += (case_pkrs(&c, false) >> (2 * other) & 3) != 0;
			}
			assert_true(key == other ? !differ : differ > 0);
		}
}

/* Nothing is written beyond the given size. */
static void no_text_exceeds_its_size(void **state)
{
	struct mcase c;
	u32 free_axes;

	(void)state;
	for (u32 size = 1; size < 200; size++) {
		char *why = malloc(size);

		assert_false(case_parse("kind:x", &c, &free_axes, why, size));
		assert_true(strlen(why) < size);
		assert_false(case_parse("x", &c, &free_axes, why, size));
		assert_true(strlen(why) < size);
		c = random_case();
		case_print(&c, why, size);
		assert_true(strlen(why) < size);
		free(why);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_round_trip),
		cmocka_unit_test(the_first_values_are_the_default),
		cmocka_unit_test(values_are_found_by_name),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(a_star_leaves_the_axis_free),
		cmocka_unit_test(errors_name_the_axes),
		cmocka_unit_test(errors_name_the_values),
		cmocka_unit_test(errors_name_the_nearest_value_first),
		cmocka_unit_test(pkrs_has_the_rights_of_the_case),
		cmocka_unit_test(rows_partition_the_space),
		cmocka_unit_test(mixes_distinguish_keys),
		cmocka_unit_test(no_text_exceeds_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

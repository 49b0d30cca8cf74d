/* SPDX-License-Identifier: MIT */
/* The options' values as words, and back. */
#include "tests/host/harness.h"

#include "boot/cmdline.h"
#include "kernel/lib/option_words.h"
#include "tests/host/options_check.h"

static void each_value_has_its_name(void **state)
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
	assert_string_equal(pks_marks_name(PKS_MARKS_HASH), "hash");
	assert_string_equal(pks_marks_name((enum pks_marks)2), "invalid");
}

/* Every value of an enum has a name, and every name one value. */
static void each_value_of_an_enum_has_one_name(void **state)
{
	static const struct {
		const char *word;
		u32 count;
	} enums[] = { { "pks", PKS_MODES },         { "gate", PKS_GATES },
		      { "pardon", PKS_SCOPES },     { "marks", PKS_MARKS },
		      { "exit", EXIT_MONITOR + 1 }, { "extent", EXTENTS } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(enums); i++) {
		const struct option_word *word = option_find(enums[i].word, strlen(enums[i].word));

		assert_non_null(word);
		assert_int_equal(word->value_count, enums[i].count);
		for (u32 value = 0; value < word->value_count; value++) {
			const char *name = option_value_name(word, value);

			assert_int_equal(option_value(word, name, strlen(name))->value, value);
		}
		assert_string_equal(option_value_name(word, enums[i].count), "invalid");
	}
}

/* The numbers in what a word accepts are those of its field; no two words share a byte of one. */
static void no_two_words_share_a_field(void **state)
{
	char bytes[sizeof(struct options)] = "", text[96];

	(void)state;
	for (u32 i = 0; i < option_word_count; i++) {
		const struct option_word *word = &option_words[i];
		u32 most = word->kind == OPTION_TEXT
				   ? word->size - 1
				   : (u32)(word->size / sizeof(struct options_range));

		if (word->kind == OPTION_TEXT || word->kind == OPTION_RANGES) {
			snprintf(text, sizeof(text), " %u ", most);
			assert_non_null(strstr(word->accepted, text));
		} else {
			assert_in_range(word->size, 1, sizeof(u64));
		}
		for (u32 byte = word->offset; byte < word->offset + word->size; byte++)
			assert_int_equal(bytes[byte]++, 0);
		assert_true(strlen(option_accepted(word, text, sizeof(text))) < sizeof(text) - 1);
	}
}

static void no_complaint(const char *message, void *arg)
{
	(void)arg;
	fail_msg("%s", message);
}

static void rendered_options_read_back(void **state)
{
	static const char *const lines[] = {
		"",
		"pks=silent gate=any exit=monitor seed=0xffffffffffffffff repeat=77 cpus=3 mem=3G",
		"reserve=5G+4K,0x1000+1,7T+1T paging=4",
		"extent=list case=kind:add,us:leaf-s avoid=set-dirty paging=5 apic=x2apic",
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
		cmocka_unit_test(each_value_has_its_name),
		cmocka_unit_test(each_value_of_an_enum_has_one_name),
		cmocka_unit_test(no_two_words_share_a_field),
		cmocka_unit_test(rendered_options_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* The command line: every key's values, defaults, and the complaint about each mistake. */
#include "tests/host/cmdline_line.h"

static void assert_defaults(void)
{
	assert_int_equal(opt.policy.mode, PKS_MODE_RELAXED);
	assert_int_equal(opt.policy.gate, PKS_GATE_KMAPPED);
	assert_int_equal(opt.policy.scope, PKS_SCOPE_CONTEXT);
	assert_int_equal(opt.marks, PKS_MARKS_PAGE);
	assert_false(opt.early);
	assert_int_equal(opt.exit, EXIT_POWEROFF);
	assert_int_equal(opt.repeat, 1);
	assert_int_equal(opt.cpus, 4096);
	assert_int_equal(opt.seed, 0);
	assert_int_equal(opt.mem, 64ULL << 30);
	assert_int_equal(opt.paging, 0);
	assert_int_equal(opt.reserve[0].size, 0);
	assert_int_equal(opt.magic, 0);
	assert_int_equal(opt.extent, EXTENT_BRIEF);
	assert_false(opt.avoid || opt.x2apic || opt.bench);
	assert_string_equal(opt.matrix_case, "");
	assert_string_equal(opt.tests, "");
	assert_string_equal(opt.from, "");
}

static void an_empty_line_means_the_defaults(void **state)
{
	static const char *const empty[] = { "", " ", " \t\r\n  " };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		parse_silently(empty[i]);
		assert_defaults();
	}
	memset(&opt, 0xff, sizeof(opt));
	cmdline_parse(NULL, &opt, collect, &opt);
	assert_defaults();
}

static void every_key_is_read(void **state)
{
	(void)state;
	parse_silently(" pks=strict\tgate=any tests=rights.*,policy.? seed=0xDEADbeef0000000a "
		       "repeat=1000000 exit=halt cpus=2 mem=64M magic=fault,write bench=on "
		       "extent=full case=kind:add,key:* avoid=set-dirty paging=5 apic=x2apic "
		       "reserve=1M+0x2K,5G+1 pardon=global trace=on marks=hash early=on from=keys");
	assert_int_equal(opt.marks, PKS_MARKS_HASH);
	assert_true(opt.early);
	assert_int_equal(opt.policy.mode, PKS_MODE_STRICT);
	assert_int_equal(opt.policy.gate, PKS_GATE_ANY);
	assert_int_equal(opt.policy.scope, PKS_SCOPE_GLOBAL);
	assert_string_equal(opt.tests, "rights.*,policy.?");
	assert_string_equal(opt.from, "keys");
	assert_int_equal(opt.seed, 0xdeadbeef0000000a);
	assert_int_equal(opt.repeat, 1000000);
	assert_int_equal(opt.exit, EXIT_HALT);
	assert_int_equal(opt.cpus, 2);
	assert_int_equal(opt.mem, 64 << 20);
	assert_int_equal(opt.magic, MAGIC_FAULT | MAGIC_WRITE);
	assert_true(opt.bench);
	assert_int_equal(opt.extent, EXTENT_FULL);
	assert_string_equal(opt.matrix_case, "kind:add,key:*");
	assert_true(opt.avoid == AVOID_SET_DIRTY && opt.x2apic && opt.trace);
	assert_int_equal(opt.paging, 5);
	assert_int_equal(opt.reserve[0].start, 1 << 20);
	assert_int_equal(opt.reserve[0].size, 2048);
	assert_int_equal(opt.reserve[1].start, 5ULL << 30);
	assert_int_equal(opt.reserve[1].size, 1);
	assert_int_equal(opt.reserve[2].size, 0);
}

static void every_word_of_every_enum_is_read(void **state)
{
	(void)state;
	parse_silently("pks=off exit=reboot bench=off marks=page early=off");
	assert_int_equal(opt.marks, PKS_MARKS_PAGE);
	assert_false(opt.early);
	assert_int_equal(opt.policy.mode, PKS_MODE_OFF);
	assert_int_equal(opt.exit, EXIT_REBOOT);
	assert_false(opt.bench);
	parse_silently("pks=relaxed exit=poweroff gate=kmapped extent=brief");
	assert_int_equal(opt.extent, EXTENT_BRIEF);
	assert_int_equal(opt.policy.mode, PKS_MODE_RELAXED);
	assert_int_equal(opt.exit, EXIT_POWEROFF);
	assert_int_equal(opt.policy.gate, PKS_GATE_KMAPPED);
	parse_silently("pks=silent magic=switch,pardon, cpus=max extent=list "
		       "avoid=smi,breakpoints,set-dirty,movdiri");
	assert_int_equal(opt.extent, EXTENT_LIST);
	assert_int_equal(opt.avoid,
			 AVOID_SET_DIRTY | AVOID_BREAKPOINTS | AVOID_SMI | AVOID_MOVDIRI);
	assert_int_equal(opt.policy.mode, PKS_MODE_SILENT);
	assert_int_equal(opt.magic, MAGIC_SWITCH | MAGIC_PARDON);
	assert_int_equal(opt.cpus, 4096);
}

/* A mistake is reported in one line, and the words beside it still count. */
static void a_bad_value_means_the_default(void **state)
{
	(void)state;
	expect("seed=5 pks=foo gate=any",
	       "pks=foo: not one of off, strict, relaxed, silent; using relaxed");
	assert_int_equal(opt.policy.mode, PKS_MODE_RELAXED);
	assert_int_equal(opt.seed, 5);
	assert_int_equal(opt.policy.gate, PKS_GATE_ANY);
	expect("pks=", "pks=: not one of off, strict, relaxed, silent; using relaxed");
	expect("pks=stric", "pks=stric: not one of off, strict, relaxed, silent; using relaxed");
	expect("pks=stricter",
	       "pks=stricter: not one of off, strict, relaxed, silent; using relaxed");
	expect("gate=all", "gate=all: not one of kmapped, any; using kmapped");
	expect("pardon=me", "pardon=me: not one of context, instruction, global; using context");
	expect("exit=never",
	       "exit=never: not one of poweroff, reboot, halt, monitor; using poweroff");
	expect("marks=list", "marks=list: not one of page, hash; using page");
	expect("early=yes", "early=yes: not one of on, off; using off");
	expect("apic=xapic", "apic=xapic: not one of found, x2apic; using found");
	expect("bench=1", "bench=1: not one of on, off; using off");
	expect("extent=all", "extent=all: not one of brief, whole, full, list; using brief");
	expect("avoid=all",
	       "avoid=all: not a list of set-dirty, breakpoints, smi, movdiri; ignoring it");
	expect("magic=fault,foo",
	       "magic=fault,foo: not a list of write, switch, fault, pardon, long; ignoring it");
	assert_defaults();
}

/* The parser accepts every word that a complaint names: the table and the functions agree. */
static void words_in_complaints_are_accepted(void **state)
{
	static const char *const enums[] = {
		"pks",    "gate",  "pardon", "exit",  "bench", "magic",
		"extent", "avoid", "apic",   "trace", "marks", "early"
	};
	static const u8 counts[] = { 4, 2, 3, 4, 2, 5, 4, 4, 2, 2, 2, 2 }; /* words of each */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(enums); i++) {
		char line[64], list[256], *word;
		u8 words = 0;

		snprintf(line, sizeof(line), "%s=!", enums[i]);
		parse(line);
		assert_int_equal(complaints, 1);
		snprintf(list, sizeof(list), "%s", strstr(reported[0], " of ") + 4);
		*strchr(list, ';') = '\0';
		for (word = strtok(list, ", "); word; word = strtok(NULL, ", ")) {
			snprintf(line, sizeof(line), "%s=%s", enums[i], word);
			parse_silently(line);
			words++;
		}
		assert_int_equal(words, counts[i]);
	}
}

static void the_last_of_two_values_counts(void **state)
{
	(void)state;
	expect("pks=off pks=strict", "pks=strict: pks was given before; the last one counts");
	assert_int_equal(opt.policy.mode, PKS_MODE_STRICT);
	parse("pks=off seed=1 pks=no");
	assert_int_equal(complaints, 2);
	assert_int_equal(opt.policy.mode, PKS_MODE_RELAXED);
	parse("seed=1 seed=2 seed=3");
	assert_int_equal(complaints, 2);
	assert_int_equal(opt.seed, 3);
}

static void unknown_words_are_ignored(void **state)
{
	static const char *const words[] = {
		"foo=1",
		"pkss=off",
		"PKS=off",
		"quiet",
		"=1",
		/* As long as is shown. */
		"a-word-that-is-sixty-bytes-long-which-leaves-the-least-room=",
	};
	char keys[448] = "", text[512];

	(void)state;
	for (u32 i = 0; i < option_word_count; i++)
		strcat(strcat(keys, i ? ", " : ""), option_words[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		snprintf(text, sizeof(text), "%s: no such word; the words are %s; ignoring it",
			 words[i], keys);
		expect(words[i], text);
		assert_defaults();
	}
	expect("seed", "seed: no value; seed= takes a number of at most 64 bits; ignoring it");
}

static void quotes_and_backslashes_are_removed(void **state)
{
	(void)state;
	parse_silently("tests=\"a b\" seed=1");
	assert_string_equal(opt.tests, "a b");
	parse_silently("\"tests=a b\" \"seed=2\"");
	assert_string_equal(opt.tests, "a b");
	assert_int_equal(opt.seed, 2);
	parse_silently("tests=\\\"x\\ y\\\\ pks=\"off\"");
	assert_string_equal(opt.tests, "\"x y\\");
	assert_int_equal(opt.policy.mode, PKS_MODE_OFF);
	parse_silently("tests=\"\"");
	assert_string_equal(opt.tests, "");
	expect("tests=\"a seed=3",
	       "tests=a seed=3: a double quote is not closed; taking the line's rest");
	assert_string_equal(opt.tests, "a seed=3");
	parse_silently("tests=a\\");
	assert_string_equal(opt.tests, "a\\");
}

static void a_long_word_is_ignored(void **state)
{
	char line[4096];

	(void)state;
	for (size_t n = 250; n < 1000; n++) {
		memcpy(line, "tests=", 6);
		memset(line + 6, 'x', n);
		strcpy(line + 6 + n, " seed=9");
		parse(line);
		assert_int_equal(opt.seed, 9);
		assert_int_equal(complaints, n > 255);
		assert_int_equal(strlen(opt.tests), n > 255 ? 0 : n);
	}
	assert_non_null(strstr(reported[0], "xxx...: longer than 319 bytes; ignoring it"));
	memset(line, 'k', 300);
	line[300] = '\0';
	parse(line);
	assert_int_equal(complaints, 1);
}

/* One byte longer, and it is no word any more. */
static void the_longest_word_is_judged_as_one(void **state)
{
	char line[321];

	(void)state;
	memset(line, 'k', 320);
	line[320] = '\0';
	parse(line);
	assert_int_equal(complaints, 1);
	assert_non_null(strstr(reported[0], "kkk...: longer than 319 bytes; ignoring it"));
	line[319] = '\0';
	parse(line);
	assert_int_equal(complaints, 1);
	assert_non_null(strstr(reported[0], "kkk: no such word; the words are"));
}

/* What the memory held before the parse shows nowhere, not in an unused place of a list either. */
static void nothing_remains_of_old_options(void **state)
{
	static const char *const lines[] = { "", "reserve=1M+4K", "tests=a pks=strict" };
	struct options clean;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		memset(&opt, 0, sizeof(opt));
		cmdline_parse(lines[i], &opt, collect, &opt);
		clean = opt;
		parse_silently(lines[i]); /* over bytes of all ones */
		assert_memory_equal(&opt, &clean, sizeof(opt));
	}
}

/* No byte ends a message early or begins a line that looks like a test's result. */
static void unprintable_bytes_are_replaced(void **state)
{
	(void)state;
	expect("pks=\"a\nok 1 - b\x1b[2J\"",
	       "pks=a?ok 1 - b?[2J: not one of off, strict, relaxed, silent; using relaxed");
	parse("\xff\xfe\x80=\x01");
	assert_int_equal(complaints, 1);
	expect("pks=\"~ \x7f\x1f\"",
	       "pks=~ ??: not one of off, strict, relaxed, silent; using relaxed");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_line_means_the_defaults),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(every_word_of_every_enum_is_read),
		cmocka_unit_test(a_bad_value_means_the_default),
		cmocka_unit_test(words_in_complaints_are_accepted),
		cmocka_unit_test(the_last_of_two_values_counts),
		cmocka_unit_test(unknown_words_are_ignored),
		cmocka_unit_test(quotes_and_backslashes_are_removed),
		cmocka_unit_test(a_long_word_is_ignored),
		cmocka_unit_test(the_longest_word_is_judged_as_one),
		cmocka_unit_test(nothing_remains_of_old_options),
		cmocka_unit_test(unprintable_bytes_are_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

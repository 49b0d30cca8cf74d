// SPDX-License-Identifier: MIT
/* Kinds of instructions, against the opcode map: SDM Vol. 2, "One-Byte Opcode Map". */
#include "tests/host/harness.h"

#include "pks/policy/step_insn.h"

static const u8 prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3 };

static bool is_string(unsigned op)
{
	static const u8 ops[] = { 0x6c, 0x6d, 0x6e, 0x6f, 0xa4, 0xa5, 0xa6,
				  0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf };

	return memchr(ops, (int)op, sizeof(ops));
}

static bool is_prefix(unsigned op)
{
	return memchr(prefixes, (int)op, sizeof(prefixes)) || (op >= 0x40 && op <= 0x4f);
}

static enum step_kind wanted(unsigned op, bool repeated)
{
	if (op == 0x9c)
		return STEP_PUSHF;
	if (op == 0x9d || op == 0xcf)
		return STEP_LOADS_FLAGS;
	return repeated && is_string(op) ? STEP_STRING : STEP_PLAIN;
}

/* The kind, from a block of that size, so that the sanitizer catches an over-read. */
static enum step_kind kind(const u8 *bytes, size_t len)
{
	u8 *copy = malloc(len ? len : 1);
	enum step_kind k;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	k = step_insn_kind(len ? copy : copy + 1, len);
	free(copy);
	return k;
}

static void each_opcode_has_its_kind(void **state)
{
	(void)state;
	for (unsigned op = 0; op < 256; op++) {
		u8 insn[] = { (u8)op };

		if (!is_prefix(op))
			assert_int_equal(kind(insn, 1), wanted(op, false));
	}
}

/* One and two prefixes, legacy or REX, in any order, before every opcode. */
static void prefixes_are_skipped(void **state)
{
	u8 all[ARRAY_SIZE(prefixes) + 16], insn[3];
	unsigned n = 0;

	(void)state;
	for (unsigned op = 0; op < 256; op++)
		if (is_prefix(op))
			all[n++] = (u8)op;
	assert_int_equal(n, ARRAY_SIZE(all));
	for (unsigned op = 0; op < 256; op++) {
		for (unsigned i = 0; i < n && !is_prefix(op); i++) {
			for (unsigned j = 0; j < n; j++) {
				bool rep = all[i] >= 0xf2 || all[j] >= 0xf2;

				insn[0] = all[i], insn[1] = all[j], insn[2] = (u8)op;
				assert_int_equal(kind(insn, 3), wanted(op, rep));
			}
			insn[1] = (u8)op;
			assert_int_equal(kind(insn, 2), wanted(op, all[i] >= 0xf2));
		}
	}
}

static void escaped_opcodes_are_plain(void **state)
{
	static const u8 popcnt[] = { 0xf3, 0x0f, 0xb8, 0xc0 }, movaps[] = { 0x0f, 0x28, 0xc0 },
			pause[] = { 0xf3, 0x90 }, after[] = { 0xf3, 0x0f, 0xa4 },
			pushf_later[] = { 0x90, 0x9c }, rep_later[] = { 0x90, 0xf3, 0xa4 };

	(void)state;
	assert_int_equal(kind(popcnt, sizeof(popcnt)), STEP_PLAIN);
	assert_int_equal(kind(movaps, sizeof(movaps)), STEP_PLAIN);
	assert_int_equal(kind(pause, sizeof(pause)), STEP_PLAIN);
	assert_int_equal(kind(after, sizeof(after)), STEP_PLAIN);
	assert_int_equal(kind(pushf_later, sizeof(pushf_later)), STEP_PLAIN);
	assert_int_equal(kind(rep_later, sizeof(rep_later)), STEP_PLAIN);
}

/* Fourteen prefixes leave room for the opcode; a fifteenth makes the instruction invalid. */
static void an_instruction_has_at_most_15_bytes(void **state)
{
	u8 insn[32];

	(void)state;
	memset(insn, 0xf3, sizeof(insn));
	for (size_t len = 0; len <= 15; len++)
		assert_int_equal(kind(insn, len), STEP_PLAIN);
	insn[14] = 0xa4;
	assert_int_equal(kind(insn, 15), STEP_STRING);
	assert_int_equal(kind(insn, 14), STEP_PLAIN);
	insn[14] = 0xf3;
	insn[15] = 0xa4;
	assert_int_equal(kind(insn, 32), STEP_PLAIN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_opcode_has_its_kind),
		cmocka_unit_test(prefixes_are_skipped),
		cmocka_unit_test(escaped_opcodes_are_plain),
		cmocka_unit_test(an_instruction_has_at_most_15_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

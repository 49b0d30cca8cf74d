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

/*
 * What each opcode does to TF in 64-bit mode, or is: SDM Vol. 2, "One-Byte Opcode Map" and
 * "Two-Byte Opcode Map". `p` pushes it, `l` loads it, `s` is a string instruction, which traps
 * after each iteration under a repeat prefix; `x` is a prefix, `2` leads to the second table; `.`
 * leaves it alone, or cannot be pardoned: it accesses no data (SYSRET), or is an exception by
 * itself (INT).
 */
static const char one_byte[] = "...............2"  /* 00: ADD to OR, two bytes */
			       "................"  /* 10: ADC, SBB */
			       "......x.......x."  /* 20: AND, SUB; ES, CS */
			       "......x.......x."  /* 30: XOR, CMP; SS, DS */
			       "xxxxxxxxxxxxxxxx"  /* 40: REX */
			       "................"  /* 50: PUSH, POP */
			       "....xxxx....ssss"  /* 60: FS, GS, sizes; PUSH, IMUL; INS, OUTS */
			       "................"  /* 70: Jcc */
			       "................"  /* 80: TEST, XCHG, MOV also to SS, LEA, POP */
			       "............pl.."  /* 90: XCHG, CWD, FWAIT; PUSHF, POPF; SAHF */
			       "....ssss..ssssss"  /* a0: MOV; MOVS, CMPS; TEST; STOS, LODS, SCAS */
			       "................"  /* b0: MOV */
			       "...............l"  /* c0: shifts, RET, VEX, ENTER, INT; IRET */
			       "................"  /* d0: shifts, XLAT, x87 */
			       "................"  /* e0: LOOP, IN, OUT, CALL, JMP */
			       "x.xx............"; /* f0: LOCK, REPNE, REP; HLT, CLI, STI, groups */
_Static_assert(sizeof(one_byte) == 256 + 1, "one for each opcode");

/* None of the second table: SETcc, BSWAP and POP FS have the low bytes of others. */
static enum step_kind told(unsigned op, bool two_bytes, bool repeated)
{
	char c = two_bytes ? '.' : one_byte[op];

	return c == 'p'               ? STEP_PUSHF
	       : c == 'l'             ? STEP_LOADS_FLAGS
	       : c == 's' && repeated ? STEP_STRING
				      : STEP_PLAIN;
}

/* Checks all opcodes behind `n` prefixes, each in a block that ends with the last byte to read. */
static void check_opcodes(const u8 *before, size_t n)
{
	bool repeated = memchr(before, 0xf2, n) || memchr(before, 0xf3, n);
	u8 *one = malloc(n + 1), *two = malloc(n + 2), *more = malloc(n + 3);

	assert_true(one && two && more);
	memcpy(one, before, n);
	memcpy(two, before, n);
	memcpy(more, before, n);
	two[n] = 0x0f;
	for (unsigned op = 0; op < 256; op++) {
		enum step_kind want = told(op, false, repeated);

		one[n] = two[n + 1] = more[n] = (u8)op;
		if (step_insn_kind(two, n + 2) != STEP_PLAIN)
			fail_msg("0f %02x behind %zu prefixes is not plain", op, n);
		if (one_byte[op] == 'x')
			continue;
		more[n + 1] = more[n + 2] = op & 1 ? 0x9c : 0xa4; /* an operand, or the next one */
		if (step_insn_kind(one, n + 1) != want || step_insn_kind(more, n + 3) != want)
			fail_msg("opcode %02x behind %zu prefixes: kind %d expected, %d seen", op,
				 n, want, step_insn_kind(one, n + 1));
	}
	assert_int_equal(step_insn_kind(one, n), STEP_PLAIN); /* cut off before its opcode */
	free(one);
	free(two);
	free(more);
}

/* Up to three legacy prefixes in any order, then a REX prefix or none, before every opcode. */
static void every_opcode_has_its_kind_behind_all_prefixes(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 12 * 12 * 12; n++) {
		unsigned which[] = { n % 12, n / 12 % 12, n / 144 };
		u8 before[4];
		size_t len = 0;

		for (size_t i = 0; i < 3; i++)
			if (which[i] < ARRAY_SIZE(prefixes))
				before[len++] = prefixes[which[i]];
		check_opcodes(before, len);
		for (unsigned rex = 0x40; rex < 0x50; rex++) {
			before[len] = (u8)rex;
			check_opcodes(before, len + 1);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_opcode_has_its_kind),
		cmocka_unit_test(prefixes_are_skipped),
		cmocka_unit_test(every_opcode_has_its_kind_behind_all_prefixes),
		cmocka_unit_test(escaped_opcodes_are_plain),
		cmocka_unit_test(an_instruction_has_at_most_15_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include "tests/matrix/plain.h"
#include "kernel/lib/string.h"
#include "tests/matrix/operand.h"
#include "tests/matrix/tables.h"

#define PATTERN MATRIX_PATTERN
#define OPERAND MATRIX_OPERAND

/* The area of FXSAVE and XSAVE (SDM Vol. 1, "Legacy Region of an XSAVE Area", "XSAVE Header"). */
enum { AREA_MXCSR = 24, AREA_XMM0 = 160, AREA_FREE = 464, AREA_HEADER = 512 };
#define FCW_INIT   0x37f
#define MXCSR_INIT 0x1f80

static u32 flags_of(u32 kind)
{
	return matrix_kinds[kind].flags;
}

/* ---- spans ---- */

/* Most operands are split in half; of some one byte lies apart, and an area is split by fields. */
u32 case_split(const struct mcase *c)
{
	switch (c->v[AXIS_KIND]) {
	case KIND_READ_64:
	case KIND_ADD_64:
	case KIND_FLD:
		return 1;
	case KIND_LFS:
		return 4; /* the offset below, the selector above */
	case KIND_WRITE_64:
	case KIND_LOCK_ADD_64:
		return 7;
	case KIND_FSTP:
		return 8; /* its significand */
	case KIND_XRSTOR:
	case KIND_XSAVE:
	case KIND_XSAVEC:
		return 512; /* the header lies in the upper page */
	default:
		return case_bytes(c) / 2;
	}
}

/* ---- strings ---- */

u32 plain_element(u32 kind)
{
	switch (kind) {
	case KIND_INS:
	case KIND_OUTS:
	case KIND_REP_INS:
	case KIND_REP_OUTS:
		return 1;
	default:
		return 4;
	}
}

u32 plain_elements(u32 kind)
{
	if (matrix_kinds[kind].access == ACCESS_NONE)
		return 0;
	return flags_of(kind) & KF_REP ? matrix_kinds[kind].bytes / plain_element(kind) : 1;
}

u32 plain_elements_first(const struct mcase *c)
{
	u32 kind = c->v[AXIS_KIND], lower = case_split(c) / plain_element(kind);

	return flags_of(kind) & KF_DOWN ? plain_elements(kind) - lower : lower;
}

/* ---- memory ---- */

static void put_words(u8 *memory, u32 word, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		memory[i] = (u8)(word >> (8 * (i % 4)));
}

/* Returns what a modification makes of the operand, of up to 8 bytes; the rest is cut off. */
static u64 modified(u32 kind)
{
	u64 pattern = PATTERN | (u64)PATTERN << 32;

	switch (kind) {
	case KIND_ADD_8 ... KIND_LOCK_ADD_64:
	case KIND_XADD:
	case KIND_LOCK_XADD:
		return pattern + OPERAND;
	case KIND_ADC:
	case KIND_LOCK_ADC:
		return pattern + OPERAND + 1;
	case KIND_INC:
		return pattern + 1;
	case KIND_NOT:
	case KIND_LOCK_NOT:
		return ~pattern;
	case KIND_NEG:
	case KIND_LOCK_NEG:
		return -(u64)PATTERN;
	case KIND_SHL:
		return pattern << 1;
	case KIND_BTS_FAR:
	case KIND_LOCK_BTS_FAR:
	case KIND_BTC_BEFORE:
		return pattern | 1; /* the bit was 0 */
	case KIND_CMPXCHG_FAIL:
	case KIND_CMPXCHG_BARE_FAIL:
	case KIND_CMPXCHG8B_FAIL:
		return pattern;
	case KIND_CMPXCHG8B:
		return OPERAND | (u64)OPERAND << 32;
	default:
		return OPERAND;
	}
}

/* The operand's bytes, with the integer bit set: without it they are no valid encoding. */
const u8 plain_m80[10] = { 4, 3, 2, 1, 4, 3, 2, 0x81, 4, 3 };

static void put_area(u32 kind, u8 *memory)
{
	put_words(memory + AREA_XMM0, OPERAND, 16);
	if (kind != KIND_FXSAVE)
		memory[AREA_HEADER] |= 2; /* XSTATE_BV: SSE state is not in its initial state */
}

static void put_element(u32 kind, u8 *memory, u32 i)
{
	u32 all = plain_elements(kind), size = plain_element(kind);

	put_words(memory + (flags_of(kind) & KF_DOWN ? all - 1 - i : i) * size, OPERAND, size);
}

void plain_write(const struct mcase *c, u8 *memory, u32 elements)
{
	u32 kind = c->v[AXIS_KIND], flags = flags_of(kind), bytes = matrix_kinds[kind].bytes;
	u64 value = kind == KIND_MOVBE_WRITE ? __builtin_bswap32(OPERAND) : modified(kind);

	if (kind == KIND_CMPXCHG16B_FAIL)
		return;
	if (kind == KIND_CMPXCHG16B) {
		memcpy(memory, &value, 8);
		memcpy(memory + 8, &value, 8);
	} else if (kind == KIND_FSTP) {
		memcpy(memory, plain_m80, sizeof(plain_m80));
	} else if (flags & KF_AREA) {
		put_area(kind, memory);
	} else if (flags & KF_STRING) {
		for (u32 i = 0; i < elements; i++)
			put_element(kind, memory, i);
	} else if (bytes > 8) {
		put_words(memory, OPERAND, flags & KF_LOWER ? bytes / 2 : bytes);
	} else {
		memcpy(memory, &value, bytes);
	}
}

void plain_fill(u32 kind, u8 *memory)
{
	u32 mxcsr = MXCSR_INIT, fcw = FCW_INIT; /* FSW 0 */
	u64 tags = 0;

	if (!(flags_of(kind) & KF_AREA))
		return;
	memcpy(memory, &fcw, 4);
	memcpy(memory + 4, &tags, 4);
	memcpy(memory + AREA_MXCSR, &mxcsr, 4);
	if (matrix_kinds[kind].bytes <= AREA_HEADER)
		return;
	memset(memory + AREA_HEADER, 0, 64);
	memory[AREA_HEADER] = kind == KIND_XRSTOR ? 3 : 0;
}

void plain_settle(u32 kind, u8 *memory)
{
	u32 bytes = matrix_kinds[kind].bytes;

	if (kind == KIND_INS || kind == KIND_REP_INS) {
		for (u32 i = 0; i < bytes; i++)
			if (memory[i] != (u8)(PATTERN >> (8 * (i % 4))))
				memory[i] = (u8)OPERAND;
		return;
	}
	if (!(flags_of(kind) & KF_AREA))
		return;
	memset(memory, 0, AREA_XMM0);
	memset(memory + AREA_XMM0 + 16, 0, AREA_FREE - AREA_XMM0 - 16);
	if (bytes <= AREA_HEADER)
		return;
	memory[AREA_HEADER] &= 2;
	memset(memory + AREA_HEADER + 1, 0, 63);
}

/* ---- the scratch operand ---- */

static bool compares(u32 kind)
{
	return kind == KIND_CMPS_RSI || kind == KIND_CMPS_RDI || kind == KIND_REP_CMPS_RSI ||
	       kind == KIND_REP_CMPS_RDI;
}

/* True if the access stores to the scratch operand. */
static bool writes_scratch(u32 kind)
{
	return kind == KIND_MOVS_FROM || kind == KIND_REP_MOVS_FROM || kind == KIND_MOVDIR64B_FROM;
}

void plain_fill_scratch(u32 kind)
{
	if (flags_of(kind) & (KF_AT_RSI | KF_FROM_RSI))
		put_words(tables.scratch + AT_SCRATCH, compares(kind) ? PATTERN : OPERAND, 64);
}

u32 plain_scratch(u32 kind)
{
	return writes_scratch(kind) ? plain_fold(tables.scratch + AT_SCRATCH, 64) : 0;
}

u32 plain_scratch_after(const struct mcase *c, u32 elements)
{
	u32 kind = c->v[AXIS_KIND], bytes = elements * plain_element(kind);
	u8 model[64];

	if (!writes_scratch(kind))
		return 0;
	put_words(model, OPERAND, 64);
	put_words(model, PATTERN, kind == KIND_MOVDIR64B_FROM && elements ? 64 : bytes);
	return plain_fold(model, 64);
}

/* ---- registers ---- */

u32 plain_fold(const void *data, u32 bytes)
{
	const u8 *at = data;
	u32 h = 0;

	for (u32 i = 0; i < bytes; i++)
		h = h * 31 + at[i];
	return h;
}

static u32 string_value(u32 kind, bool done, u32 elements)
{
	u32 flags = flags_of(kind), size = plain_element(kind);
	u32 moved = elements * (flags & KF_DOWN ? 0 - size : size);
	bool loads = kind == KIND_REP_LODS;
	u32 count = flags & KF_REP ? plain_elements(kind) - elements : 0;
	bool by_rsi = flags & (KF_AT_RSI | KF_FROM_RSI), by_rdi = !loads;

	if (kind == KIND_OUTS || kind == KIND_REP_OUTS)
		by_rdi = false;
	return plain_registers(loads && done ? PATTERN : OPERAND, count, by_rsi ? moved : 0,
			       by_rdi ? moved : 0);
}

u32 plain_vector_bytes(u32 kind)
{
	return flags_of(kind) & KF_AREA ? 16 : matrix_kinds[kind].bytes;
}

/* The mask is of all elements, of the lower half, or of none. */
void vectors_before(u32 kind, struct vectors *v)
{
	const struct kind_row *row = &matrix_kinds[kind];
	u32 bytes = plain_vector_bytes(kind);
	u32 masked = row->access == ACCESS_NONE ? 0 : row->flags & KF_LOWER ? bytes / 2 : bytes;

	put_words(v->data, OPERAND, bytes);
	memset(v->mask, 0, bytes);
	memset(v->mask, 0xff, masked);
	for (u32 i = 0; i < 4; i++)
		put_words(v->index + 4 * i, i, 4);
	v->bytes = bytes;
	v->opmask = (1u << masked / 4) - 1;
}

/* A masked load by VPMASKMOV clears the elements that it does not load; others keep them. */
static u32 vector_value(u32 kind, bool done)
{
	u32 bytes = plain_vector_bytes(kind), loaded = done ? bytes : 0;
	u8 model[64];

	put_words(model, OPERAND, bytes);
	if (matrix_kinds[kind].access == ACCESS_NONE)
		loaded = 0;
	else if (matrix_kinds[kind].flags & KF_LOWER)
		loaded /= 2;
	if (done && (kind == KIND_MASK_READ || kind == KIND_MASK_READ_NONE))
		memset(model, 0, bytes);
	put_words(model, PATTERN, loaded);
	return plain_fold(model, bytes);
}

/* RBX, as plain_register() folds it. */
static u32 scalar_value(u32 kind)
{
	switch (kind) {
	case KIND_READ_8:
	case KIND_XCHG_8:
		return (OPERAND & ~0xffu) | (PATTERN & 0xff);
	case KIND_READ_16:
		return (OPERAND & ~0xffffu) | (PATTERN & 0xffff);
	case KIND_READ_64:
	case KIND_XCHG_64:
		return plain_register(PATTERN | (u64)PATTERN << 32);
	case KIND_MOVBE_READ:
		return __builtin_bswap32(PATTERN);
	case KIND_ADD_FROM:
		return PATTERN + OPERAND;
	case KIND_BT_FAR:
		return (OPERAND & ~0xffu) | 1; /* bit 2 of the pattern */
	default:
		return PATTERN;
	}
}

u32 plain_value(const struct mcase *c, bool done, u32 elements)
{
	u32 kind = c->v[AXIS_KIND], flags = flags_of(kind);

	if (flags & KF_STRING)
		return string_value(kind, done, elements);
	if (flags & KF_VECTOR)
		return vector_value(kind, done);
	return done ? scalar_value(kind) : OPERAND;
}

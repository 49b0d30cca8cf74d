// SPDX-License-Identifier: MIT
#include "tests/matrix/memory.h"
#include "tests/matrix/tables.h"

/* A descriptor for CPL 3 data, not accessed yet (SDM Vol. 3A, "Segment Descriptors"). */
#define DESCRIPTOR 0x00cff2000000ffffu
#define ACCESSED   (1ull << 40)

static u32 *plain_operand(void)
{
	return (u32 *)(tables.block + AT_DATA);
}

/* A span's first half is at the end of the page, its second at the beginning of the next one. */
static u16 *half_operand(const struct mcase *c, u32 half)
{
	u64 size = c->v[AXIS_SIZE] == SIZE_4K ? 4096 : BLOCK_SIZE;

	return (u16 *)(half ? tables.block : tables.block + size - 2);
}

static void fill_frame(void)
{
	u64 *words = (u64 *)tables.block + AT_STACK / 8;

	for (u32 i = 1; i <= 5; i++)
		words[-(int)i] = MATRIX_PATTERN;
}

void memory_fill(const struct mcase *c)
{
	u32 kind = c->v[AXIS_KIND];

	if (c->v[AXIS_SPAN] != SPAN_NONE) {
		*half_operand(c, 0) = (u16)MATRIX_PATTERN;
		*half_operand(c, 1) = MATRIX_PATTERN >> 16;
	} else if (!kind_is_implicit(kind)) {
		plain_operand()[0] = plain_operand()[1] = MATRIX_PATTERN;
	} else if (kind_in_table(kind)) {
		*(u64 *)tables.block = DESCRIPTOR | (kind == KIND_GDT ? ACCESSED : 0);
	} else {
		fill_frame();
	}
}

static u32 words_written(void)
{
	const u64 *words = (u64 *)tables.block + AT_STACK / 8;
	u32 n = 0;

	for (u32 i = 1; i <= 5; i++)
		n += words[-(int)i] != MATRIX_PATTERN;
	return n;
}

u32 memory_read(const struct mcase *c)
{
	u32 kind = c->v[AXIS_KIND];

	if (c->v[AXIS_SPAN] != SPAN_NONE)
		return *half_operand(c, 0) | (u32)*half_operand(c, 1) << 16;
	if (kind == KIND_PUSH) /* four bytes or eight */
		return plain_operand()[0] ^ plain_operand()[1];
	if (!kind_is_implicit(kind))
		return *plain_operand();
	if (!kind_in_table(kind))
		return words_written();
	return kind == KIND_GDT_MARK && *(u64 *)tables.block & ACCESSED;
}

u32 memory_after(const struct mcase *c, bool done)
{
	u32 kind = c->v[AXIS_KIND];

	switch (kind) {
	case KIND_ADD:
	case KIND_LOCK_ADD:
		return done ? MATRIX_PATTERN + MATRIX_OPERAND : MATRIX_PATTERN;
	case KIND_PUSH: /* the upper half of eight bytes is 0 */
		return !done ? 0
			     : MATRIX_OPERAND ^
				       (c->v[AXIS_MODE] == MODE_COMPAT ? MATRIX_PATTERN : 0);
	case KIND_FRAME:
	case KIND_FRAME_IST:
	case KIND_FRAME_DF:
		return done ? 5 : 0;
	case KIND_GDT_MARK:
		return done;
	default:
		if (kind_in_table(kind))
			return 0;
		return done && kind_writes(kind) ? MATRIX_OPERAND : MATRIX_PATTERN;
	}
}

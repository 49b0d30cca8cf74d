// SPDX-License-Identifier: MIT
#include "tests/matrix/memory.h"
#include "kernel/lib/string.h"
#include "tests/matrix/operand.h"
#include "tests/matrix/plain.h"
#include "tests/matrix/tables.h"

/* A descriptor for CPL 3 data, not accessed yet (SDM Vol. 3A, "Segment Descriptors"). */
#define DESCRIPTOR 0x00cff2000000ffffu
#define ACCESSED   (1ull << 40)

/* ---- operands: in the data page, or at the page's end and in the next page ---- */

/* A run of bytes of the block: of an operand with GUARD bytes on both sides of it. */
struct piece {
	u8 *at;
	u32 bytes;
};

/* All pages map the block: a span's second half is at its beginning. Returns the pieces' number. */
static u32 pieces(const struct mcase *c, struct piece piece[2])
{
	u32 bytes = case_bytes(c), split = case_split(c);
	u64 size = c->v[AXIS_SIZE] == SIZE_4K ? 4096 : BLOCK_SIZE;

	if (c->v[AXIS_SPAN] == SPAN_NONE) {
		piece[0] = (struct piece){ tables.block + AT_DATA - GUARD, bytes + 2 * GUARD };
		return 1;
	}
	piece[0] = (struct piece){ tables.block + size - split - GUARD, split + GUARD };
	piece[1] = (struct piece){ tables.block, bytes - split + GUARD };
	return 2;
}

/* At any address. */
struct unaligned {
	u32 word;
} __attribute__((packed, may_alias));

/* Byte i has byte i % 4 of the pattern; returns the number of the next. */
static u32 fill(u8 *at, u32 bytes, u32 i)
{
	u32 word = MATRIX_PATTERN >> (8 * (i % 4)) | (u64)MATRIX_PATTERN << (32 - 8 * (i % 4)), n;

	for (n = 0; n + 4 <= bytes; n += 4)
		((struct unaligned *)(at + n))->word = word;
	for (; n < bytes; n++)
		at[n] = (u8)(word >> (8 * (n % 4)));
	return i + bytes;
}

static u32 hash(u32 h, const u8 *at, u32 bytes)
{
	u32 n;

	for (n = 0; n + 4 <= bytes; n += 4)
		h = (h ^ ((const struct unaligned *)(at + n))->word) * 0x01000193u;
	for (; n < bytes; n++)
		h = (h ^ at[n]) * 0x01000193u;
	return h;
}

#define VIEW (OPERAND_MAX + 2 * GUARD)

/* True for operands that hold more than a pattern, or what the manual does not settle. */
static bool is_special(u32 kind)
{
	return matrix_kinds[kind].flags & KF_AREA || kind == KIND_INS || kind == KIND_REP_INS;
}

static bool has_scratch(u32 kind)
{
	return matrix_kinds[kind].flags & (KF_AT_RSI | KF_FROM_RSI);
}

/* Copies from the pieces to `view`, or back. */
static void copy_pieces(const struct mcase *c, u8 *view, bool back)
{
	struct piece piece[2];
	u32 count = pieces(c, piece);

	for (u32 p = 0; p < count; view += piece[p++].bytes)
		if (back)
			memcpy(piece[p].at, view, piece[p].bytes);
		else
			memcpy(view, piece[p].at, piece[p].bytes);
}

static void fill_view(u32 kind, u8 *view, u32 bytes)
{
	fill(view, bytes + 2 * GUARD, 0);
	if (is_special(kind))
		plain_fill(kind, view + GUARD);
}

static void fill_operand(const struct mcase *c)
{
	static u8 view[VIEW]; /* of the one thread that runs the matrix */
	struct piece piece[2];
	u32 kind = c->v[AXIS_KIND], count, i = 0;

	if (has_scratch(kind))
		plain_fill_scratch(kind);
	if (is_special(kind)) {
		fill_view(kind, view, case_bytes(c));
		copy_pieces(c, view, true);
		return;
	}
	count = pieces(c, piece);
	for (u32 p = 0; p < count; p++)
		i = fill(piece[p].at, piece[p].bytes, i);
}

/* Both halves of a span are told apart. */
static u32 hash_halves(const u8 *lower, u32 lower_bytes, const u8 *upper, u32 upper_bytes)
{
	u32 low = hash(0, lower, lower_bytes), high = hash(0, upper, upper_bytes);

	return ((low ^ low >> 16) & 0xffff) | ((high ^ high << 16) & 0xffff0000);
}

static u32 view_hash(const struct mcase *c, u8 *view)
{
	u32 bytes = case_bytes(c), lower = case_split(c) + GUARD, kind = c->v[AXIS_KIND];

	if (is_special(kind))
		plain_settle(kind, view + GUARD);
	if (c->v[AXIS_SPAN] == SPAN_NONE)
		return hash(0, view, bytes + 2 * GUARD);
	return hash_halves(view, lower, view + lower, bytes + 2 * GUARD - lower);
}

static u32 operand_hash(const struct mcase *c)
{
	static u8 view[VIEW]; /* of the one thread that runs the matrix */
	struct piece piece[2];
	u32 scratch = has_scratch(c->v[AXIS_KIND]) ? plain_scratch(c->v[AXIS_KIND]) : 0;

	if (is_special(c->v[AXIS_KIND])) {
		copy_pieces(c, view, false);
		return view_hash(c, view);
	}
	if (pieces(c, piece) == 1)
		return hash(0, piece[0].at, piece[0].bytes) ^ scratch;
	return hash_halves(piece[0].at, piece[0].bytes, piece[1].at, piece[1].bytes) ^ scratch;
}

static u32 operand_after(const struct mcase *c, bool done)
{
	static u8 model[VIEW]; /* of the one thread that runs the matrix */
	u32 kind = c->v[AXIS_KIND];
	u32 scratch =
		has_scratch(kind) ? plain_scratch_after(c, done ? plain_elements(kind) : 0) : 0;

	fill_view(kind, model, case_bytes(c));
	if (done)
		operand_write(c, model + GUARD);
	return view_hash(c, model) ^ scratch;
}

u32 memory_after_part(const struct mcase *c, u32 elements)
{
	static u8 model[VIEW]; /* of the one thread that runs the matrix */
	u32 kind = c->v[AXIS_KIND];

	fill_view(kind, model, case_bytes(c));
	if (kind_writes(kind))
		plain_write(c, model + GUARD, elements);
	return view_hash(c, model) ^ (has_scratch(kind) ? plain_scratch_after(c, elements) : 0);
}

/* ---- what the CPU accesses by itself ---- */

static void fill_frame(void)
{
	u64 *words = (u64 *)tables.block + AT_STACK / 8;

	for (u32 i = 1; i <= 5; i++)
		words[-(int)i] = MATRIX_PATTERN;
}

static u32 words_written(void)
{
	const u64 *words = (u64 *)tables.block + AT_STACK / 8;
	u32 n = 0;

	for (u32 i = 1; i <= 5; i++)
		n += words[-(int)i] != MATRIX_PATTERN;
	return n;
}

static void fill_entry(u32 kind)
{
	*(u64 *)tables.block = DESCRIPTOR | (kind == KIND_GDT ? ACCESSED : 0);
}

static bool marked(u32 kind)
{
	return kind == KIND_GDT_MARK && *(u64 *)tables.block & ACCESSED;
}

void memory_fill(const struct mcase *c)
{
	u32 kind = c->v[AXIS_KIND];

	switch (matrix_kinds[kind].group) {
	case GROUP_FRAME:
		fill_frame();
		break;
	case GROUP_TABLE:
		fill_entry(kind);
		break;
	default:
		fill_operand(c);
	}
}

u32 memory_read(const struct mcase *c)
{
	u32 kind = c->v[AXIS_KIND];

	switch (matrix_kinds[kind].group) {
	case GROUP_FRAME:
		return words_written();
	case GROUP_TABLE:
		return marked(kind);
	default:
		return operand_hash(c);
	}
}

u32 memory_after(const struct mcase *c, bool done)
{
	u32 kind = c->v[AXIS_KIND];

	switch (matrix_kinds[kind].group) {
	case GROUP_FRAME:
		return done ? 5 : 0;
	case GROUP_TABLE:
		return done && kind == KIND_GDT_MARK;
	default:
		return operand_after(c, done);
	}
}

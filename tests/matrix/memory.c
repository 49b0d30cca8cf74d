// SPDX-License-Identifier: MIT
#include "tests/matrix/memory.h"
#include "kernel/lib/string.h"
#include "tests/matrix/operand.h"
#include "tests/matrix/own.h"
#include "tests/matrix/plain.h"
#include "tests/matrix/stack.h"
#include "tests/matrix/tables.h"

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

/* Both halves of a span are told apart. */
static u32 hash_halves(const u8 *lower, u32 lower_bytes, const u8 *upper, u32 upper_bytes)
{
	u32 low = hash(0, lower, lower_bytes), high = hash(0, upper, upper_bytes);

	return ((low ^ low >> 16) & 0xffff) | ((high ^ high << 16) & 0xffff0000);
}

/* Puts the operand's image between the guards. */
static void put_image(const struct mcase *c, const struct piece piece[2], u32 count)
{
	u32 first = count == 2 ? case_split(c) : case_bytes(c);
	u8 image[OPERAND_MAX];

	memcpy(image, piece[0].at + GUARD, first);
	if (count == 2)
		memcpy(image + first, piece[1].at, case_bytes(c) - first);
	operand_image(c, image);
	memcpy(piece[0].at + GUARD, image, first);
	if (count == 2)
		memcpy(piece[1].at, image + first, case_bytes(c) - first);
}

/* An operand of the stack, with its guards, as it lies in one page or in two. */
struct linear {
	u8 bytes[STACK_OPERAND_MAX + 2 * GUARD];
};

static void gather(const struct piece piece[2], u32 count, struct linear *l)
{
	memcpy(l->bytes, piece[0].at, piece[0].bytes);
	if (count == 2)
		memcpy(l->bytes + piece[0].bytes, piece[1].at, piece[1].bytes);
}

/* Puts what the operand holds beside the pattern; `rsp` as stack_content() has it. */
static void put_content(const struct mcase *c, const struct piece piece[2], u32 count, u64 rsp,
			bool first)
{
	struct linear l;

	gather(piece, count, &l);
	stack_content(c, l.bytes + GUARD, rsp, first);
	memcpy(piece[0].at, l.bytes, piece[0].bytes);
	if (count == 2)
		memcpy(piece[1].at, l.bytes + piece[0].bytes, piece[1].bytes);
}

static u32 stack_hash(const struct mcase *c, const struct piece piece[2], u32 count)
{
	struct linear l;

	gather(piece, count, &l);
	stack_normalise(c, l.bytes + GUARD, case_address(c));
	if (count == 1)
		return hash(0, l.bytes, piece[0].bytes);
	return hash_halves(l.bytes, piece[0].bytes, l.bytes + piece[0].bytes, piece[1].bytes);
}

/* Fills the operand of a run's first accesses: as far from the case's as case_first_step() says. */
static void fill_first(const struct mcase *c)
{
	struct mcase first = case_first(c);
	u32 bytes = case_bytes(&first) + 2 * GUARD;
	u64 size = c->v[AXIS_SIZE] == SIZE_4K ? 4096 : BLOCK_SIZE, at = AT_DATA;
	struct piece piece[2];

	if (c->v[AXIS_SPAN] == SPAN_LOW)
		at = size - case_split(c);
	if (c->v[AXIS_SPAN] == SPAN_HIGH)
		at = (u64) - (s64)case_split(c);
	at += (u64)case_first_step(c) - GUARD; /* now it is in the block */
	piece[0] = (struct piece){ tables.block + at, bytes };
	fill(piece[0].at, bytes, 0);
	if (matrix_kinds[first.v[AXIS_KIND]].flags & KF_IMAGE)
		put_image(&first, piece, 1);
	if (kind_is_stack(first.v[AXIS_KIND]))
		put_content(&first, piece, 1, case_address(c) + STACK_RSP_AT, true);
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
	if (matrix_kinds[c->v[AXIS_KIND]].flags & KF_IMAGE)
		put_image(c, piece, count);
	if (kind_is_stack(c->v[AXIS_KIND]))
		put_content(c, piece, count, case_address(c) + STACK_RSP_AT, false);
	if (case_is_run(c))
		fill_first(c);
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

	if (kind_is_stack(c->v[AXIS_KIND]))
		return stack_hash(c, piece, pieces(c, piece));
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
	if (matrix_kinds[kind].flags & KF_IMAGE)
		operand_image(c, model + GUARD);
	if (kind_is_stack(kind))
		stack_content(c, model + GUARD, STACK_RSP, false);
	if (done)
		operand_write(c, model + GUARD);
	if (kind_is_stack(kind))
		stack_normalise(c, model + GUARD, 0);
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

static u32 frame_words(const struct mcase *c)
{
	return case_bytes(c) / 8;
}

static void fill_frame(const struct mcase *c)
{
	u64 *words = (u64 *)tables.block + AT_STACK / 8;

	for (u32 i = 1; i <= frame_words(c); i++)
		words[-(int)i] = MATRIX_PATTERN;
}

static u32 words_written(const struct mcase *c)
{
	const u64 *words = (u64 *)tables.block + AT_STACK / 8;
	u32 n = 0;

	for (u32 i = 1; i <= frame_words(c); i++)
		n += words[-(int)i] != MATRIX_PATTERN;
	return n;
}

void memory_fill(const struct mcase *c)
{
	u32 kind = c->v[AXIS_KIND];

	switch (matrix_kinds[kind].group) {
	case GROUP_FRAME:
		fill_frame(c);
		break;
	case GROUP_TABLE:
		own_fill(c);
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
		return words_written(c);
	case GROUP_TABLE:
		return own_read(c);
	default:
		return operand_hash(c);
	}
}

u32 memory_after(const struct mcase *c, bool done)
{
	u32 kind = c->v[AXIS_KIND];

	switch (matrix_kinds[kind].group) {
	case GROUP_FRAME:
		return done && kind_writes(kind) ? frame_words(c) : 0;
	case GROUP_TABLE:
		return own_after(c, done);
	default:
		return operand_after(c, done);
	}
}

// SPDX-License-Identifier: MIT
#include "tests/matrix/own.h"
#include "kernel/lib/string.h"
#include "tests/matrix/machine.h"
#include "tests/matrix/tables.h"

#define START(which, offset, outside)               \
	{                                           \
		OWN_##which, false, outside, offset \
	}
#define END(which, offset, outside)                \
	{                                          \
		OWN_##which, true, outside, offset \
	}
#define GDT     START(GDT, OWN_GDT_ENTRY, 0)
#define LDT     START(LDT, 0, 0)
#define ISTN(n) START(TSS, OWN_TSS_IST(n), 0)

const struct own_place own_places[KINDS] = {
	[KIND_GDT] = GDT,
	[KIND_GDT_MARK] = GDT,
	[KIND_IDT] = START(IDT, 64 * 16, 0),
	[KIND_TSS] = END(TSS, OWN_TSS_RSP(0), 0),
	[KIND_IDT_DF] = START(IDT, 14 * 16, 0),
	/* A frame's top is a multiple of 16, so an edge lies after its second or fourth word. */
	[KIND_FRAME_TOP] = START(STACK, 0, 24),
	[KIND_FRAME_END] = END(STACK, 0, 32),
	[KIND_FRAME_IST_TOP] = START(STACK, 0, 8),
	[KIND_FRAME_IST_END] = END(STACK, 0, 16),
	[KIND_FRAME_GP_TOP] = START(STACK, 0, 32),
	[KIND_FRAME_GP_END] = END(STACK, 0, 32),
	[KIND_FRAME_GATE_1] = START(STACK, 0, 24), /* but a call gate aligns nothing */
	[KIND_FRAME_GATE_2] = END(STACK, 0, 16),
	[KIND_FRAME_GATE_3] = END(STACK, 0, 24),
	[KIND_IDT_LOW] = START(IDT, 64 * 16, 8),
	[KIND_IDT_BP] = END(IDT, 3 * 16, 0),
	[KIND_IDT_BP_HIGH] = END(IDT, 3 * 16, 8),
	[KIND_IDT_OF] = END(IDT, 4 * 16, 0),
	[KIND_IDT_UD] = END(IDT, 6 * 16, 0),
	[KIND_IDT_DE] = END(IDT, 0, 0),
	[KIND_IDT_GP] = END(IDT, 13 * 16, 0),
	[KIND_IDT_IRQ] = START(IDT, OWN_IRQ * 16, 0),
	[KIND_IDT_NMI] = END(IDT, 2 * 16, 0),
	[KIND_IDT_CS] = GDT,
	[KIND_IDT_CS_MARK] = GDT,
	[KIND_GDT_FS] = GDT,
	[KIND_GDT_FS_MARK] = GDT,
	[KIND_GDT_SS] = GDT,
	[KIND_GDT_SS_MARK] = GDT,
	[KIND_GDT_JMP] = GDT,
	[KIND_GDT_JMP_MARK] = GDT,
	[KIND_GDT_CALL] = GDT,
	[KIND_GDT_CALL_MARK] = GDT,
	[KIND_GDT_RETF] = GDT,
	[KIND_GDT_RETF_MARK] = GDT,
	[KIND_GDT_IRET] = GDT,
	[KIND_GDT_IRET_MARK] = GDT,
	[KIND_GDT_IRET_SS] = GDT,
	[KIND_GDT_IRET_SS_MARK] = GDT,
	[KIND_GDT_LOW] = START(GDT, OWN_GDT_ENTRY, 4),
	[KIND_GDT_MARK_LOW] = START(GDT, OWN_GDT_ENTRY, 4),
	[KIND_LAR] = GDT,
	[KIND_LSL] = GDT,
	[KIND_VERR] = GDT,
	[KIND_VERW] = GDT,
	[KIND_LLDT] = GDT,
	[KIND_LLDT_LOW] = START(GDT, OWN_GDT_ENTRY, 8),
	[KIND_LTR] = GDT,
	[KIND_LTR_LOW] = START(GDT, OWN_GDT_ENTRY, 8),
	[KIND_GATE] = GDT,
	[KIND_GATE_LOW] = START(GDT, OWN_GDT_ENTRY, 8),
	[KIND_GATE_CS] = GDT,
	[KIND_GATE_CS_MARK] = GDT,
	[KIND_LDT] = LDT,
	[KIND_LDT_MARK] = LDT,
	[KIND_LDT_LOW] = START(LDT, 0, 4),
	[KIND_LDT_HIGH] = END(LDT, 0, 4),
	[KIND_LDT_JMP] = LDT,
	[KIND_LDT_GATE_HIGH] = END(LDT, 0, 8),
	[KIND_TSS_GATE] = END(TSS, OWN_TSS_RSP(0), 0),
	[KIND_TSS_LOW] = END(TSS, OWN_TSS_RSP(0), 4),
	[KIND_TSS_RSP1] = END(TSS, OWN_TSS_RSP(1), 0),
	[KIND_TSS_RSP2] = END(TSS, OWN_TSS_RSP(2), 0),
	/* A page fault takes IST1, so that slot must stay in a home page; or else IST2. */
	[KIND_TSS_IST1] = END(TSS, OWN_TSS_IST(1), 0),
	[KIND_TSS_IST2] = ISTN(2),
	[KIND_TSS_IST3] = ISTN(3),
	[KIND_TSS_IST4] = ISTN(4),
	[KIND_TSS_IST5] = ISTN(5),
	[KIND_TSS_IST6] = ISTN(6),
	[KIND_TSS_IST7] = ISTN(7),
	[KIND_TSS_IST_HIGH] = START(TSS, OWN_TSS_IST(2), 4),
	[KIND_IO_IN] = START(TSS, OWN_TSS_BITMAP, 0),
	[KIND_IO_OUT] = START(TSS, OWN_TSS_BITMAP, 0),
	[KIND_IO_LOW] = END(TSS, OWN_TSS_FAR_BITMAP, 1),
	[KIND_IO_HIGH] = START(TSS, OWN_TSS_BITMAP, 1),
	[KIND_IO_KERNEL] = START(TSS, OWN_TSS_BITMAP, 0),
	[KIND_IO_IOPL] = START(TSS, OWN_TSS_BITMAP, 0),
};

#define PAGE 4096

static u32 bytes_of(u32 kind)
{
	return matrix_kinds[kind].bytes;
}

u32 own_inside(u32 kind)
{
	return bytes_of(kind) - own_places[kind].outside;
}

u32 own_first(u32 kind)
{
	const struct own_place *p = &own_places[kind];

	return p->offset + (p->at_end ? 0 : p->outside);
}

s64 own_base(u32 kind)
{
	s64 first = own_places[kind].at_end ? PAGE - (s64)own_inside(kind) : 0;

	return first - (s64)own_first(kind);
}

/* ---- memory: the home page below, the tested page, the home page above ---- */

static u8 item[16]; /* what own_put_item() has written; of the one thread that runs the matrix */

/* Returns the byte that lies `at` bytes behind the beginning of the tested page, and how many
 * follow. */
static u8 *memory_at(s64 at, u32 *left)
{
	u8 *pages[3] = { tables.home[0], tables.block, tables.home[1] };
	u32 from_below = (u32)(at + PAGE);

	*left = PAGE - from_below % PAGE;
	return pages[from_below / PAGE] + from_below % PAGE;
}

/* Copies table bytes from `offset` on. */
static void put(u32 kind, u32 offset, const u8 *data, u32 bytes)
{
	s64 at = own_base(kind) + (s64)offset;
	u32 left, n;

	for (; bytes; bytes -= n, data += n, at += n) {
		u8 *memory = memory_at(at, &left);

		n = MIN(left, bytes);
		memcpy(memory, data, n);
	}
}

void own_put_table(u32 kind, const void *table, u32 bytes)
{
	put(kind, 0, table, bytes);
}

void own_put_item(u32 kind, const void *what)
{
	memcpy(item, what, bytes_of(kind));
	put(kind, own_places[kind].offset, item, bytes_of(kind));
}

static bool is_frame(u32 kind)
{
	return own_places[kind].table == OWN_STACK;
}

/* The frame's words in the tested page. */
static u64 *frame_words(u32 kind)
{
	return (u64 *)(tables.block + (own_places[kind].at_end ? PAGE - own_inside(kind) : 0));
}

/*
 * SDM Vol. 3A, "Segment Descriptors", not marked as accessed. A stack segment and a code segment
 * must have the privilege of the code that loads them, or that they are for.
 */
static u64 descriptor(const struct mcase *c)
{
	bool kernel = c->v[AXIS_MODE] == MODE_KERNEL;
	u64 code = c->v[AXIS_MODE] == MODE_COMPAT ? 0x00cffa000000ffffu : 0x00affa000000ffffu;

	switch (c->v[AXIS_KIND]) {
	case KIND_LLDT:
	case KIND_LLDT_LOW:
		return 0x000082000000000fu;
	case KIND_LTR: /* this and the next: cpu_own.c adds addresses */
	case KIND_LTR_LOW:
		return 0x0000890000000067u;
	case KIND_GATE:
	case KIND_GATE_LOW:
	case KIND_LDT_GATE_HIGH:
		return 0x0000ec0000000000u;
	case KIND_IDT_CS:
	case KIND_IDT_CS_MARK:
	case KIND_GATE_CS:
	case KIND_GATE_CS_MARK:
		return 0x00af9a000000ffffu;
	case KIND_GDT_SS:
	case KIND_GDT_SS_MARK:
	case KIND_GDT_IRET_SS:
	case KIND_GDT_IRET_SS_MARK:
		return kernel ? 0x00cf92000000ffffu : 0x00cff2000000ffffu;
	case KIND_LDT_JMP:
		return kernel ? 0x00af9a000000ffffu : code;
	}
	if (c->v[AXIS_KIND] >= KIND_GDT_JMP && c->v[AXIS_KIND] <= KIND_GDT_IRET_MARK)
		return kernel ? 0x00af9a000000ffffu : code;
	return 0x00cff2000000ffffu;
}

/* Bits 47:40 of a descriptor are its type and more. */
#define ACCESSED (1ull << 40)
#define BUSY     (1ull << 41)

/* What the CPU sets in the item; nothing of most. */
static u64 mark_of(u32 kind)
{
	if (kind == KIND_LTR || kind == KIND_LTR_LOW)
		return BUSY;
	return matrix_kinds[kind].access == ACCESS_MODIFY ? ACCESSED : 0;
}

void own_fill(const struct mcase *c)
{
	u32 kind = c->v[AXIS_KIND], table = own_places[kind].table;
	u64 image[2] = { 0 };

	if (is_frame(kind)) {
		for (u32 i = 0; i < own_inside(kind) / 8; i++)
			frame_words(kind)[i] = MATRIX_PATTERN;
		return;
	}
	/* What else the CPU needs to find in an item is cpu_own.c's to write. */
	if (table == OWN_GDT || table == OWN_LDT) {
		image[0] = descriptor(c);
		if (image[0] & 1ull << 44 && !mark_of(kind)) /* S: a segment's, not a system's */
			image[0] |= ACCESSED;
	}
	own_put_item(kind, image);
}

u32 own_read(const struct mcase *c)
{
	u32 kind = c->v[AXIS_KIND], bytes = bytes_of(kind), first, changed = 0;
	u64 now[2] = { 0 }, was[2] = { 0 };

	if (is_frame(kind)) {
		for (u32 i = 0; i < own_inside(kind) / 8; i++)
			changed += frame_words(kind)[i] != MATRIX_PATTERN;
		return changed;
	}
	memcpy(was, item, bytes);
	for (u32 i = 0; i < bytes; i++)
		((u8 *)now)[i] = *memory_at(own_base(kind) + own_places[kind].offset + i, &first);
	if (now[0] == was[0] && now[1] == was[1])
		return 0;
	return now[0] == (was[0] | mark_of(kind)) && now[1] == was[1] ? 1 : 2;
}

u32 own_after(const struct mcase *c, bool done)
{
	u32 kind = c->v[AXIS_KIND];

	if (!done)
		return 0;
	return is_frame(kind) ? own_inside(kind) / 8 : mark_of(kind) != 0;
}

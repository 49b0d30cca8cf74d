// SPDX-License-Identifier: MIT
#include "tests/matrix/stack.h"
#include "kernel/lib/string.h"

#define FLAGS_FIXED  0x2u
#define FLAGS_IF     0x200u
#define FLAGS_AC     0x40000u
#define FLAGS_PUSHED 0x44u  /* ZF and PF, as shot_pushf sets them */
#define FLAGS_POPPED 0x8d5u /* all arithmetic flags */
#define RET_N_BYTES  16
#define ENTER_BYTES  4
#define LEAVE_BELOW  64 /* from LEAVE's stack pointer to the frame pointer */

u32 stack_word(u32 mode)
{
	return mode == MODE_COMPAT ? 4 : 8;
}

u32 stack_landing(u32 kind, u32 mode)
{
	switch (kind) {
	case KIND_RET_OUTER:
	case KIND_IRET_OUTER:
		return MODE_USER;
	case KIND_IRET_COMPAT:
		return MODE_COMPAT;
	default:
		return mode;
	}
}

int stack_begin(u32 kind, u32 bytes)
{
	if (kind == KIND_LEAVE)
		return -LEAVE_BELOW;
	return kind_writes(kind) ? (int)bytes : 0;
}

/* True if the access loads the stack pointer from the operand. */
static bool loads_rsp(u32 kind, u32 mode)
{
	return kind == KIND_RET_OUTER || kind == KIND_IRET_OUTER || kind == KIND_IRET_COMPAT ||
	       (kind == KIND_IRET && mode != MODE_COMPAT);
}

int stack_moves(u32 kind, u32 mode, u32 bytes)
{
	int word = (int)stack_word(mode);

	if (loads_rsp(kind, mode))
		return STACK_RSP_AT;
	switch (kind) {
	case KIND_PUSH_FROM:
	case KIND_CALL_FROM:
		return -word;
	case KIND_POP_TO:
		return word;
	case KIND_ENTER_FROM:
		return -3 * word;
	case KIND_ENTER:
		return -word - ENTER_BYTES;
	case KIND_LEAVE:
		return LEAVE_BELOW + word;
	case KIND_RET_N:
		return word + RET_N_BYTES;
	}
	return kind_writes(kind) ? -(int)bytes : (int)bytes;
}

static void put(u8 *operand, u32 mode, u32 word, u64 value)
{
	memcpy(operand + word * stack_word(mode), &value, stack_word(mode));
}

static u64 flags(const struct mcase *c, u32 arithmetic)
{
	return FLAGS_FIXED | arithmetic | (c->v[AXIS_SMAP] == SMAP_AC ? FLAGS_AC : 0) |
	       (machine_can.process ? FLAGS_IF : 0);
}

void stack_content(const struct mcase *c, u8 *operand, u64 rsp, bool first)
{
	u32 kind = c->v[AXIS_KIND], mode = c->v[AXIS_MODE];
	struct landing to = machine_landing(kind, stack_landing(kind, mode), first);

	switch (kind) {
	case KIND_POPF:
		put(operand, mode, 0, flags(c, FLAGS_POPPED));
		break;
	case KIND_POP_FS:
		put(operand, mode, 0, machine_landing(kind, MODE_USER, first).ss);
		break;
	case KIND_RET_FAR:
	case KIND_RET_OUTER:
		put(operand, mode, 1, to.cs);
		if (kind == KIND_RET_OUTER) {
			put(operand, mode, 2, rsp);
			put(operand, mode, 3, to.ss);
		}
		__attribute__((fallthrough));
	case KIND_CALL_FROM:
	case KIND_RET:
	case KIND_RET_N:
		put(operand, mode, 0, to.rip);
		break;
	case KIND_IRET:
	case KIND_IRET_OUTER:
	case KIND_IRET_COMPAT:
		put(operand, mode, 0, to.rip);
		put(operand, mode, 1, to.cs);
		put(operand, mode, 2, flags(c, 0));
		if (mode == MODE_COMPAT)
			break;
		put(operand, mode, 3, rsp);
		put(operand, mode, 4, to.ss);
	}
}

/* PUSHA pushes EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI; shot_pusha sets them. */
static void write_all(u8 *operand)
{
	static const u8 order[] = { 6, 5, 4, 0, 0, 3, 2, 1 }; /* 3: ESP */

	for (u32 i = 0; i < 8; i++)
		put(operand, MODE_COMPAT, i, i == 3 ? STACK_TOP : MATRIX_OPERAND + order[i]);
}

void stack_write(const struct mcase *c, u8 *operand)
{
	u32 kind = c->v[AXIS_KIND], mode = c->v[AXIS_MODE];
	struct landing to = machine_landing(kind, mode, false);
	u64 value = MATRIX_OPERAND;

	switch (kind) {
	case KIND_PUSH_16:
		memcpy(operand, &value, 2);
		break;
	case KIND_PUSH_FS:
		put(operand, mode, 0, machine_landing(kind, MODE_USER, false).ss);
		break;
	case KIND_PUSHF:
		put(operand, mode, 0, flags(c, FLAGS_PUSHED));
		break;
	case KIND_PUSHA:
		write_all(operand);
		break;
	case KIND_CALL_FAR:
		put(operand, mode, 1, to.cs);
		__attribute__((fallthrough));
	case KIND_CALL:
	case KIND_CALL_R:
	case KIND_CALL_M:
		put(operand, mode, 0, to.rip);
		break;
	case KIND_ENTER:
		put(operand, mode, 1, MATRIX_OPERAND);
		break;
	case KIND_ENTER_NEST:
		put(operand, mode, 2, STACK_TOP);
		put(operand, mode, 1, STACK_TOP);
		put(operand, mode, 0, STACK_FRAME);
		break;
	default: /* the upper half of a register or of an operand in memory is 0 */
		put(operand, mode, 0, MATRIX_OPERAND);
	}
}

u32 stack_value(const struct mcase *c)
{
	switch (c->v[AXIS_KIND]) {
	case KIND_POP_16:
		return (MATRIX_OPERAND & 0xffff0000) | (MATRIX_PATTERN & 0xffff);
	case KIND_POP_FS:
		return machine_landing(KIND_POP_FS, MODE_USER, false).ss;
	case KIND_POPF:
		return ~0u; /* CF by SBB */
	default:
		return MATRIX_PATTERN;
	}
}

static void replace(u8 *operand, u32 mode, u32 word, u64 value, u32 by)
{
	if (!memcmp(operand + word * stack_word(mode), &value, stack_word(mode)))
		put(operand, mode, word, by);
}

void stack_normalise(const struct mcase *c, u8 *operand, u64 address)
{
	u32 kind = c->v[AXIS_KIND], mode = c->v[AXIS_MODE];
	u64 top = address + case_bytes(c), frame = top - stack_word(mode);

	switch (kind) {
	case KIND_PUSHA:
		replace(operand, mode, 3, top, STACK_TOP);
		break;
	case KIND_ENTER_NEST:
		replace(operand, mode, 2, top, STACK_TOP);
		replace(operand, mode, 1, top, STACK_TOP);
		replace(operand, mode, 0, frame, STACK_FRAME);
		break;
	case KIND_RET_OUTER:
		replace(operand, mode, 2, address + STACK_RSP_AT, STACK_RSP);
		break;
	case KIND_IRET:
	case KIND_IRET_OUTER:
	case KIND_IRET_COMPAT:
		if (mode != MODE_COMPAT)
			replace(operand, mode, 3, address + STACK_RSP_AT, STACK_RSP);
		break;
	case KIND_CALL_FAR: /* only 16 bits of the word of CS are its selector's */
		memset(operand + stack_word(mode) + 2, 0, stack_word(mode) - 2);
	}
}

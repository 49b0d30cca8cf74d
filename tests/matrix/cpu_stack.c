// SPDX-License-Identifier: MIT
/* The registers and the scratch page for stack instructions (stack.h). */
#include "tests/matrix/cpu.h"
#include "tests/matrix/stack.h"
#include "tests/matrix/state.h"
#include "tests/matrix/tables.h"

/*
 * Offsets in the scratch page: the stack of kinds with KF_SCRATCH, the operand at RSI. A run's
 * first accesses have theirs FIRST_BELOW bytes below.
 */
#define AT_SCRATCH_STACK   0xb00
#define AT_SCRATCH_OPERAND 0xd80
#define FIRST_BELOW        0x80

static u64 in_scratch(u32 mode, u32 at)
{
	return mode_is_user(mode) ? VA_SCRATCH + at : (u64)home->scratch + at;
}

/* What CALL m and far CALL m read, or PUSH m. */
static void fill_operand(u32 kind, u32 mode, u32 at, const struct landing *to)
{
	u64 *operand = (u64 *)(home->scratch + at);

	operand[0] = MATRIX_OPERAND;
	if (kind == KIND_CALL_M || kind == KIND_CALL_FAR)
		operand[0] = to->rip;
	if (kind == KIND_CALL_FAR && mode == MODE_COMPAT)
		operand[0] |= (u64)to->cs << 32;
	operand[1] = to->cs;
}

void cpu_stack_load(const struct shot *s, bool first)
{
	const struct kind_row *row = &matrix_kinds[s->kind];
	u32 below = first ? FIRST_BELOW : 0, stack = AT_SCRATCH_STACK - below;
	struct landing to = machine_landing(s->kind, s->mode, first);
	struct mcase c = { { [AXIS_KIND] = s->kind, [AXIS_MODE] = s->mode } };

	home->rbx = s->kind == KIND_CALL_R ? to.rip : MATRIX_OPERAND;
	home->rdi = s->address + (s->kind == KIND_ENTER_FROM ? stack_word(s->mode) : 0);
	home->rsi = in_scratch(s->mode, AT_SCRATCH_OPERAND - below);
	fill_operand(s->kind, s->mode, AT_SCRATCH_OPERAND - below, &to);
	*(u64 *)(home->scratch + stack) = MATRIX_OPERAND;
	home->new_rsp = row->flags & KF_SCRATCH
				? in_scratch(s->mode, stack)
				: s->address + (u64)(s64)stack_begin(s->kind, case_bytes(&c));
	home->frame[3] = home->new_rsp;
}

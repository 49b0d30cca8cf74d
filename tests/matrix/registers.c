// SPDX-License-Identifier: MIT
#include "tests/matrix/registers.h"
#include "tests/matrix/plain.h"
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

/* The scratch page as the access sees it. */
static u64 in_scratch(u32 mode, u32 at)
{
	return (mode_is_user(mode) ? VA_SCRATCH : (u64)tables.scratch) + at;
}

/* What CALL m and far CALL m read, or PUSH m. */
static void fill_operand(u32 kind, u32 mode, u32 at, const struct landing *to)
{
	u64 *operand = (u64 *)(tables.scratch + at);

	operand[0] = MATRIX_OPERAND;
	if (kind == KIND_CALL_M || kind == KIND_CALL_FAR)
		operand[0] = to->rip;
	if (kind == KIND_CALL_FAR && mode == MODE_COMPAT)
		operand[0] |= (u64)to->cs << 32;
	operand[1] = to->cs;
}

static struct registers of_stack(const struct shot *s, bool first)
{
	u32 below = first ? FIRST_BELOW : 0, stack = AT_SCRATCH_STACK - below;
	u32 operand = AT_SCRATCH_OPERAND - below;
	struct landing to = machine_landing(s->kind, s->mode, first);
	struct mcase c = { { [AXIS_KIND] = s->kind, [AXIS_MODE] = s->mode } };
	struct registers r = { .rbx = MATRIX_OPERAND, .rdi = s->address };

	r.rsi = in_scratch(s->mode, operand);
	fill_operand(s->kind, s->mode, operand, &to);
	if (s->kind == KIND_CALL_R)
		r.rbx = to.rip;
	if (s->kind == KIND_ENTER_FROM)
		r.rdi += stack_word(s->mode);
	if (s->kind == KIND_PUSH_FS) /* the selector */
		r.rsi = machine_landing(s->kind, MODE_USER, first).ss;
	*(u64 *)(tables.scratch + stack) = MATRIX_OPERAND;
	r.rsp = matrix_kinds[s->kind].flags & KF_SCRATCH
			? in_scratch(s->mode, stack)
			: s->address + (u64)(s64)stack_begin(s->kind, case_bytes(&c));
	return r;
}

/* Operands of strings: where they begin, or with DF = 1 the last element. */
static void of_string(const struct shot *s, struct registers *r)
{
	const struct kind_row *row = &matrix_kinds[s->kind];
	u32 last = row->flags & KF_DOWN ? row->bytes - plain_element(s->kind) : 0;
	u64 tested = s->address + last, scratch = in_scratch(s->mode, AT_SCRATCH) + last;

	r->rdi = tested;
	if (row->flags & KF_AT_RSI) {
		r->rsi = tested;
		r->rdi = scratch;
	} else if (row->flags & KF_FROM_RSI) {
		r->rsi = scratch;
	}
}

struct registers registers_before(const struct shot *s, bool first)
{
	struct registers r = { MATRIX_OPERAND, MATRIX_PATTERN, s->address, 0, 0 };

	if (kind_is_stack(s->kind))
		return of_stack(s, first);
	if (s->kind == KIND_FETCH) /* its target jumps on to the end */
		r.rbx = machine_landing(KIND_FETCH, s->mode, false).rip;
	if (s->kind == KIND_LODS)
		r.rsi = s->address;
	if (matrix_kinds[s->kind].flags & (KF_STRING | KF_AT_RSI | KF_FROM_RSI))
		of_string(s, &r);
	return r;
}

u32 registers_value(u32 kind, const struct registers *before, const struct registers *after,
		    const void *vector)
{
	u32 flags = matrix_kinds[kind].flags;

	if (!kind_is_plain(kind))
		return (u32)after->rbx;
	if (!(flags & KF_VALUE))
		return 0;
	if (flags & KF_STRING)
		return plain_registers((u32)after->rbx, flags & KF_REP ? (u32)after->rcx : 0,
				       (u32)(after->rsi - before->rsi),
				       (u32)(after->rdi - before->rdi));
	if (flags & KF_VECTOR)
		return plain_fold(vector, plain_vector_bytes(kind));
	return plain_register(after->rbx);
}

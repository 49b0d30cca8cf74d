// SPDX-License-Identifier: MIT
/* One access on the real CPU: fills the home and lets shot.S make the access. */
#include "kernel/cpu/x86.h"
#include "tests/matrix/cpu.h"
#include "tests/matrix/tables.h"

/* True if the access is to where the stack pointer points. */
static bool stack_kind(u32 kind)
{
	return matrix_kinds[kind].group == GROUP_STACK ||
	       (matrix_kinds[kind].group == GROUP_FRAME && kind != KIND_FRAME_IST);
}

/* Returns the address of the matrix's code in that mode. */
static u64 text_at(u64 code, u32 mode)
{
	return mode == MODE_KERNEL ? code : code - (u64)matrix_text + VA_TEXT;
}

/* Fills in who makes the access, how, and under which rights; rarely changes within a row. */
static void aim(const struct shot *s)
{
	static const u16 cs[] = { SEL_KERNEL_CS, SEL_USER_CS, SEL_USER_CS_32 };
	const struct shot_code *code = &matrix_shots[s->kind];

	home->new_rsp = (u64)home->user_stack + sizeof(home->user_stack);
	home->new_flags = RFLAGS_FIXED | (s->ac ? RFLAGS_AC : 0);
	home->target = text_at(code->start, s->mode);
	home->user = s->mode != MODE_KERNEL;
	home->frame[0] = home->target;
	home->frame[1] = cs[s->mode];
	home->frame[2] = home->new_flags;
	home->frame[3] = home->new_rsp;
	home->frame[4] = SEL_USER_DS;
	home->pkrs = s->pkrs;
	home->open_pkrs = s->pkrs & 3;
	home->pkru = s->pkru;
	cpu_now.aimed = *s;
}

static bool is_aimed(const struct shot *s)
{
	return s->kind == cpu_now.aimed.kind && s->mode == cpu_now.aimed.mode &&
	       s->ac == cpu_now.aimed.ac && s->pkrs == cpu_now.aimed.pkrs &&
	       s->pkru == cpu_now.aimed.pkru;
}

static void load_address(const struct shot *s)
{
	bool reads_absent = matrix_kinds[s->kind].flags & KF_IN_FAULT;

	home->rdi = reads_absent ? VA_ABSENT : s->address;
	home->rsi = MATRIX_PATTERN;
	home->rbx = s->kind == KIND_FETCH ? text_at(matrix_shots[KIND_FETCH].end - 2, s->mode)
					  : MATRIX_OPERAND;
	if (s->kind == KIND_LODS)
		home->rsi = s->address;
	if (matrix_kinds[s->kind].group == GROUP_PLAIN)
		cpu_plain_prepare(s);
	if (!stack_kind(s->kind))
		return;
	home->new_rsp = s->address;
	if (s->kind == KIND_PUSH) /* what it writes is at the address */
		home->new_rsp += s->mode == MODE_COMPAT ? 4 : 8;
	home->frame[3] = home->new_rsp;
}

/* A fault's RIP is the access, a fetch's its target; after success it is behind the last INT. */
static bool rip_right(const struct shot *s, bool done)
{
	const struct shot_code *code = &matrix_shots[s->kind];
	u64 rip = text_at(done ? code->end : code->access, s->mode);

	if (s->kind == KIND_FETCH && !done)
		rip = s->address;
	return home->rip == rip && (home->cs & 3) == (s->mode == MODE_KERNEL ? 0 : 3) &&
	       home->cs == home->frame[1];
}

void machine_shoot(const struct shot *s, struct outcome *o)
{
	bool done;

	if (kind_is_implicit(s->kind))
		cpu_own_prepare(s);
	if (!is_aimed(s))
		aim(s);
	load_address(s);
	home->write_pkrs = machine_can.pks && s->pkrs != cpu_now.pkrs;
	home->pkru_outside = cpu_now.pkru;
	home->write_pkru = cpu_now.cr4 & CR4_PKE && s->pkru != cpu_now.pkru;
	matrix_shoot();
	cpu_now.pkrs = s->pkrs & 3 ? 0 : s->pkrs;
	if (kind_is_implicit(s->kind))
		cpu_own_restore(s);
	done = home->vector == cpu_end_vector(s->kind);
	*o = (struct outcome){
		.vector = done ? SHOT_DONE : (u32)home->vector,
		.error = (u32)home->error,
		.cr2 = home->cr2,
		.pkrs = home->pkrs_after,
		.value = matrix_kinds[s->kind].group == GROUP_PLAIN ? cpu_plain_value(s)
								    : (u32)home->rbx,
		.rip_right = rip_right(s, done),
	};
	/* The register changed by itself: make the next access write its rights. */
	if (machine_can.pks && o->pkrs != s->pkrs)
		cpu_now.pkrs = ~cpu_now.pkrs;
}

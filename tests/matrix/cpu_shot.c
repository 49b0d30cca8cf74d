// SPDX-License-Identifier: MIT
/* One access on the real CPU: fills the home and lets shot.S make the access. */
#include "kernel/cpu/x86.h"
#include "tests/matrix/cpu.h"
#include "tests/matrix/cpu_run.h"
#include "tests/matrix/registers.h"
#include "tests/matrix/stack.h"
#include "tests/matrix/state.h"
#include "tests/matrix/tables.h"

/* By mode. */
static const u16 code_segment[] = { SEL_KERNEL_CS, SEL_USER_CS, SEL_USER_CS_32, SEL_CPL1_CS,
				    SEL_CPL2_CS };
static const u16 stack_segment[] = { SEL_KERNEL_DS, SEL_USER_DS, SEL_USER_DS, SEL_CPL1_DS,
				     SEL_CPL2_DS };

/* True if the CPU pushes a frame to where the stack pointer points. */
static bool frame_on_stack(u32 kind)
{
	return matrix_kinds[kind].group == GROUP_FRAME && kind != KIND_FRAME_IST;
}

/* Returns the address of the matrix's code in that mode. */
u64 cpu_text_at(u64 code, u32 mode)
{
	return mode_is_user(mode) ? code - (u64)matrix_text + VA_TEXT : code;
}

/* Fills in who makes the access, how, and under which rights; rarely changes within a row. */
static void aim(const struct shot *s)
{
	const struct shot_code *code = &matrix_shots[s->kind];

	home->new_rsp = (u64)home->user_stack + sizeof(home->user_stack);
	home->new_flags = RFLAGS_FIXED | (s->ac ? RFLAGS_AC : 0);
	home->target = cpu_text_at(code->start, s->mode);
	home->user = s->mode != MODE_KERNEL;
	home->frame[0] = home->target;
	home->frame[1] = code_segment[s->mode];
	home->frame[2] = home->new_flags;
	home->frame[3] = home->new_rsp;
	home->frame[4] = s->mode == MODE_KERNEL ? 0 : stack_segment[s->mode];
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

void cpu_load_address(const struct shot *s, bool first)
{
	struct registers r = registers_before(s, first);

	home->rdi = matrix_kinds[s->kind].flags & KF_IN_FAULT ? VA_ABSENT : r.rdi;
	home->rsi = r.rsi;
	home->rbx = r.rbx;
	if (kind_is_plain(s->kind))
		cpu_plain_prepare(s->kind);
	if (frame_on_stack(s->kind))
		r.rsp = s->address;
	if (r.rsp)
		home->new_rsp = home->frame[3] = r.rsp;
}

struct landing machine_landing(u32 kind, u32 mode, bool first)
{
	u64 end = matrix_shots[kind].end - 2; /* the INT */

	if (first)
		end = matrix_run_shots[kind].end - 5 - (u64)matrix_run_text +
		      (mode_is_user(mode) ? VA_RUN_TEXT : (u64)matrix_run_text);
	return (struct landing){ .rip = first ? end : cpu_text_at(end, mode),
				 .cs = code_segment[mode],
				 .ss = stack_segment[mode] };
}

/* A fault's RIP is the access, a fetch's its target; after success it is behind the last INT. */
static bool rip_right(const struct shot *s, bool done)
{
	const struct shot_code *code = &matrix_shots[s->kind];
	u32 mode = done ? stack_landing(s->kind, s->mode) : s->mode;
	u64 rip = cpu_text_at(done ? code->end : code->access, mode);

	if (s->kind >= KIND_FRAME)
		return cpu_own_rip_right(s, done);
	if (s->kind == KIND_FETCH && !done)
		rip = s->address;
	if (matrix_kinds[s->kind].flags & KF_REX && mode == MODE_COMPAT && !done)
		rip++; /* behind the DEC EAX */
	return home->rip == rip && home->cs == code_segment[mode];
}

static u32 value(u32 kind)
{
	const struct registers before = { .rsi = home->rsi, .rdi = home->rdi },
			       after = { .rbx = home->rbx,
					 .rcx = home->rcx_after,
					 .rsi = home->rsi_after,
					 .rdi = home->rdi_after };

	return registers_value(kind, &before, &after, cpu_plain_vector(kind));
}

void machine_shoot(const struct shot *s, struct outcome *o)
{
	bool done;
	u64 start;

	if (s->kind >= KIND_FRAME)
		cpu_own_prepare(s);
	if (!is_aimed(s))
		aim(s);
	cpu_load_address(s, false);
	if (s->kind >= KIND_FRAME)
		cpu_own_aim(s);
	start = home->new_rsp;
	home->write_pkrs = machine_can.pks && s->pkrs != cpu_now.pkrs;
	home->pkru_outside = cpu_now.pkru;
	home->write_pkru = cpu_now.cr4 & CR4_PKE && s->pkru != cpu_now.pkru;
	if (s->first != KINDS)
		cpu_run_aim(s);
	matrix_shoot();
	cpu_now.pkrs = s->pkrs & 3 ? 0 : s->pkrs;
	if (s->kind >= KIND_FRAME)
		cpu_own_restore(s);
	done = home->vector == cpu_end_vector(s->kind);
	*o = (struct outcome){
		.vector = done ? SHOT_DONE : (u32)home->vector,
		.error = (u32)home->error,
		.cr2 = home->cr2,
		.pkrs = home->pkrs_after,
		.value = value(s->kind),
		.rsp_moved = (int)(home->rsp_after - start),
		.rip_right = rip_right(s, done),
	};
	/* The register changed by itself: make the next access write its rights. */
	if (machine_can.pks && o->pkrs != s->pkrs)
		cpu_now.pkrs = ~cpu_now.pkrs;
}

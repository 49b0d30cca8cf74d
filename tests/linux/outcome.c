// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "tests/linux/outcome.h"

#include <signal.h>

#include "tests/matrix/home.h"
#include "tests/matrix/sdm.h"
#include "tests/matrix/stack.h"
#include "tests/matrix/tables.h"

u64 text_at(u64 code)
{
	return code - (u64)matrix_text + VA_TEXT;
}

u32 code_segment(u32 mode)
{
	return mode == MODE_COMPAT ? CS_32 : CS_64;
}

struct landing machine_landing(u32 kind, u32 mode, bool first)
{
	(void)first; /* a process makes no runs */
	return (struct landing){ .rip = text_at(matrix_shots[kind].end - 2),
				 .cs = (u16)code_segment(mode),
				 .ss = SS };
}

/*
 * The access is done if it came to the INT, which has no gate for user mode: #GP there, or behind
 * it where the processor delivers events by FRED.
 */
static bool is_done(const struct shot *s, const struct signalled *came)
{
	u64 behind = text_at(matrix_shots[s->kind].end) - came->rip;

	return came->vector == VECTOR_GP && (behind == 2 || behind == 0) &&
	       came->cs == code_segment(stack_landing(s->kind, s->mode));
}

/* True if a fault's CS:RIP is the access. */
static bool is_at_access(const struct shot *s, const struct signalled *came)
{
	u64 rip = text_at(matrix_shots[s->kind].access);

	if (s->kind == KIND_FETCH)
		rip = s->address;
	if (matrix_kinds[s->kind].flags & KF_REX && s->mode == MODE_COMPAT)
		rip++; /* behind the DEC EAX */
	return came->rip == rip && came->cs == code_segment(s->mode);
}

/*
 * Linux's own words about a fault by a key must agree with the processor's. It may see a key where
 * the processor reports something else, as it looks at its own description of the page: the judge
 * decides whether PK is missing.
 */
static bool linux_agrees(const struct signalled *came, int key)
{
	if (came->vector != VECTOR_PF || !(came->error & ERROR_PK))
		return true;
	return came->code == SEGV_PKUERR && (key < 0 || came->key == key);
}

struct outcome outcome_of(const struct shot *s, const struct linux_way *way,
			  const struct signalled *came, int key)
{
	bool done = is_done(s, came);
	u32 vector = done ? SHOT_DONE : came->vector;

	return (struct outcome){
		.vector = linux_agrees(came, key) ? vector : 0,
		.error = came->error,
		.cr2 = came->cr2,
		.pkrs = s->pkrs,
		.value = registers_value(s->kind, &way->registers, &came->registers,
					 way->vectors.data),
		.rsp_moved = (int)(came->registers.rsp - way->registers.rsp),
		.rip_right = done || is_at_access(s, came),
	};
}

// SPDX-License-Identifier: MIT
/*
 * The machine of the matrix that an ordinary Linux process is: user mode, user keys. The page
 * tables are the matrix's own plan; each access finds the process's memory made so (pages.h). What
 * the processor did comes out of the signal: error code, CR2, RIP and registers as the processor
 * left them.
 *
 * Linux must keep: key 0, on which the process itself lives, is never denied. What a process cannot
 * see or set (accessed and dirty flags, CR0, CR4, U/S, reserved bits) is in no case.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/linux/pages.h"
#include "tests/linux/signals.h"
#include "tests/matrix/home.h"
#include "tests/matrix/machine.h"
#include "tests/matrix/plain.h"
#include "tests/matrix/sdm.h"
#include "tests/matrix/tables.h"

struct machine_can machine_can;

/* Linux's selectors for user mode, from arch/x86/include/asm/segment.h. */
enum { CS_64 = 0x33, CS_32 = 0x23, SS = 0x2b };

static u64 entries[TABLES][512];

/* An access takes microseconds, and all that comes between two of them much less than this. */
#define LIMIT_MS 5000

const char *machine_setup(void)
{
	machine_can = (struct machine_can){ .pku = true, .process = true, .needs = 1 };
	for (u32 i = 0; i < TABLES; i++)
		tables.entries[i] = entries[i];
	tables_link();
	signals_catch(LIMIT_MS);
	return pages_setup();
}

/* The process ends soon. */
void machine_teardown(void)
{
}

void machine_enter(u32 levels)
{
	(void)levels;
}

void machine_leave(void)
{
}

void machine_control(const struct control *control)
{
	(void)control; /* PKRU is loaded with each access, and the rest is Linux's */
}

void machine_home_key(u32 key)
{
	if (key) {
		fprintf(stderr, "a case denies key 0, on which this process lives\n");
		exit(2);
	}
}

void machine_row(const struct mcase *row)
{
	pages_row(row);
}

/* Linux flushes what pages_make() changes, and no case keeps a stale translation. */
void machine_flush(void)
{
}

void machine_invlpg(u64 va)
{
	(void)va;
}

static u64 text_at(u64 code)
{
	return code - (u64)matrix_text + VA_TEXT;
}

static struct linux_way aim(const struct shot *s)
{
	const struct shot_code *code = &matrix_shots[s->kind];
	struct linux_way way = { 0 };

	way.rbx = s->kind == KIND_FETCH ? text_at(code->end - 2) : MATRIX_OPERAND;
	way.rsi = s->kind == KIND_LODS ? s->address : MATRIX_PATTERN;
	way.rdi = s->address;
	way.rsp = VA_SCRATCH + 4096;
	if (matrix_kinds[s->kind].group == GROUP_STACK)
		way.rsp = s->address;
	if (s->kind == KIND_PUSH)
		way.rsp += s->mode == MODE_COMPAT ? 4 : 8;
	way.rip = (u32)text_at(code->start);
	way.cs = s->mode == MODE_COMPAT ? CS_32 : CS_64;
	way.pkru = s->pkru & ~3u;
	return way;
}

/* INT has no gate for user mode: #GP at the INT. */
static bool is_done(const struct shot *s, const struct signalled *came)
{
	return came->vector == VECTOR_GP && came->rip == text_at(matrix_shots[s->kind].end - 2);
}

/*
 * Linux's own words about a page fault must agree with the processor's. Where the page is absent
 * Linux looks at the key too, and the processor does not.
 */
static bool linux_agrees(const struct signalled *came)
{
	bool by_key = came->error & ERROR_PK, says_key = came->code == SEGV_PKUERR;
	int key = pages_key(came->cr2);

	if (came->vector != VECTOR_PF)
		return true;
	if (by_key != says_key && (by_key || came->error & ERROR_P))
		return false;
	return !by_key || key < 0 || came->key == key;
}

struct landing machine_landing(u32 kind, u32 mode, bool first)
{
	(void)first; /* a process makes no runs */
	return (struct landing){ .rip = text_at(matrix_shots[kind].end - 2),
				 .cs = mode == MODE_COMPAT ? CS_32 : CS_64,
				 .ss = SS };
}

void machine_shoot(const struct shot *s, struct outcome *o)
{
	u64 access = text_at(matrix_shots[s->kind].access);
	const struct signalled *came;
	struct linux_way way;
	bool done;

	pages_make();
	way = aim(s);
	came = signals_shoot(&way);
	done = is_done(s, came);
	*o = (struct outcome){
		.vector = done ? SHOT_DONE : came->vector,
		.error = came->error,
		.cr2 = came->cr2,
		.pkrs = s->pkrs,
		.value = kind_is_plain(s->kind) ? plain_register(came->rbx) : (u32)came->rbx,
		.rsp_moved = (int)(came->rsp - way.rsp),
		.rip_right = done || came->rip == (s->kind == KIND_FETCH ? s->address : access),
	};
	if (!linux_agrees(came) || came->cs != way.cs)
		o->vector = 0;
}

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
#include <stdio.h>
#include <stdlib.h>

#include "kernel/cpu/cpuid.h"
#include "kernel/lib/string.h"
#include "tests/linux/outcome.h"
#include "tests/linux/pages.h"
#include "tests/matrix/cpu_needs.h"
#include "tests/matrix/home.h"
#include "tests/matrix/machine.h"
#include "tests/matrix/plain.h"
#include "tests/matrix/registers.h"
#include "tests/matrix/sdm.h"
#include "tests/matrix/tables.h"

struct machine_can machine_can;

static u64 entries[TABLES][512];

/* An access takes microseconds, and all that comes between two of them much less than this. */
#define LIMIT_MS 5000

#define TRIES 8  /* of an access whose page Linux has taken away for a moment */
#define LINE  64 /* bytes of a cache line */

/* The state components that Linux has switched on; XGETBV is there if it uses XSAVE. */
static u64 components(void)
{
	u32 low, high;

	if (!cpu_has(FEATURE_OSXSAVE))
		return 0;
	asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low | (u64)high << 32;
}

static bool is_amd(void)
{
	u32 vendor = cpuid(0, 0).b; /* AuthenticAMD, HygonGenuine */

	return vendor == 0x68747541 || vendor == 0x6f677948;
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

static void aim(const struct shot *s, struct linux_way *way)
{
	*way = (struct linux_way){
		.registers = registers_before(s, false),
		.rip = (u32)text_at(matrix_shots[s->kind].start),
		.cs = code_segment(s->mode),
		.pkru = s->pkru & ~3u,
		.fs = s->kind == KIND_READ_FS ? FS_OFFSET : 0,
	};
	if (!way->registers.rsp)
		way->registers.rsp = VA_SCRATCH + 4096;
	memcpy(way->m80, plain_m80, sizeof(plain_m80));
	if (matrix_kinds[s->kind].flags & KF_VECTOR)
		vectors_before(s->kind, &way->vectors);
}

/* True if Linux ends a program for a locked access across two lines (split_lock_detect=fatal). */
static bool split_locks_end(void)
{
	const struct shot s = { .kind = KIND_LOCK_ADD,
				.mode = MODE_USER,
				.address = VA_SCRATCH + LINE - 2,
				.first = KINDS };
	struct linux_way way;

	aim(&s, &way);
	return signals_shoot(&way)->vector == VECTOR_AC;
}

const char *machine_setup(void)
{
	const char *why;

	machine_can = (struct machine_can){ .pku = true,
					    .process = true,
					    .needs = cpu_needs(components()) };
	if (is_amd())
		machine_can.needs &= ~(1u << NEED_FAR_64);
	for (u32 i = 0; i < TABLES; i++)
		tables.entries[i] = entries[i];
	tables_link();
	signals_catch(LIMIT_MS);
	why = pages_setup();
	if (!why)
		machine_can.no_split_locks = split_locks_end();
	return why;
}

/*
 * True if Linux lost the page for a moment, as it migrates one from memory to memory, and looked at
 * the key meanwhile: it should be there, and now it is.
 */
static bool was_away(const struct signalled *came)
{
	return came->vector == VECTOR_PF && !(came->error & ERROR_P) && pages_touch(came->cr2);
}

void machine_shoot(const struct shot *s, struct outcome *o)
{
	const struct signalled *came;
	struct linux_way way;
	u32 tries = 0;

	pages_make();
	do {
		aim(s, &way);
		came = signals_shoot(&way);
	} while (was_away(came) && ++tries < TRIES);
	*o = outcome_of(s, &way, came, pages_key(came->cr2));
}

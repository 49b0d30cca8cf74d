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

#include "kernel/cpu/cpuid.h"
#include "kernel/lib/string.h"
#include "tests/linux/cpuinfo.h"
#include "tests/linux/pages.h"
#include "tests/linux/signals.h"
#include "tests/matrix/cpu_needs.h"
#include "tests/matrix/home.h"
#include "tests/matrix/machine.h"
#include "tests/matrix/plain.h"
#include "tests/matrix/registers.h"
#include "tests/matrix/sdm.h"
#include "tests/matrix/stack.h"
#include "tests/matrix/tables.h"

struct machine_can machine_can;

/* Linux's selectors for user mode, from arch/x86/include/asm/segment.h. */
enum { CS_64 = 0x33, CS_32 = 0x23, SS = 0x2b };

static u64 entries[TABLES][512];

/* An access takes microseconds, and all that comes between two of them much less than this. */
#define LIMIT_MS 5000

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

/*
 * True if the processor reports split locks: Linux may then kill a program for one, or delay each
 * by 10 ms.
 */
static bool reports_split_locks(void)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	bool reports = file && (cpuinfo_has(file, "split_lock_detect") ||
				cpuinfo_has(file, "bus_lock_detect"));

	if (file)
		fclose(file);
	return reports;
}

const char *machine_setup(void)
{
	machine_can = (struct machine_can){ .pku = true,
					    .process = true,
					    .needs = cpu_needs(components()) };
	machine_can.no_split_locks = reports_split_locks();
	if (is_amd())
		machine_can.needs &= ~(1u << NEED_FAR_64);
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

static u32 code_segment(u32 mode)
{
	return mode == MODE_COMPAT ? CS_32 : CS_64;
}

/* True if FS is not the program's own during the access. */
static bool changes_fs(u32 kind)
{
	return kind == KIND_READ_FS || kind == KIND_PUSH_FS || kind == KIND_POP_FS ||
	       kind == KIND_LFS;
}

static void aim(const struct shot *s, struct linux_way *way)
{
	*way = (struct linux_way){
		.registers = registers_before(s, false),
		.rip = (u32)text_at(matrix_shots[s->kind].start),
		.cs = code_segment(s->mode),
		.pkru = s->pkru & ~3u,
		.fs = changes_fs(s->kind) ? FS_OFFSET : 0,
	};
	if (!way->registers.rsp)
		way->registers.rsp = VA_SCRATCH + 4096;
	memcpy(way->m80, plain_m80, sizeof(plain_m80));
	if (matrix_kinds[s->kind].flags & KF_VECTOR)
		vectors_before(s->kind, &way->vectors);
}

/* The access is done if it came to the INT, which has no gate for user mode: #GP there. */
static bool is_done(const struct shot *s, const struct signalled *came)
{
	return came->vector == VECTOR_GP && came->rip == text_at(matrix_shots[s->kind].end - 2) &&
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
				 .cs = (u16)code_segment(mode),
				 .ss = SS };
}

void machine_shoot(const struct shot *s, struct outcome *o)
{
	const struct signalled *came;
	struct linux_way way;
	bool done;

	pages_make();
	aim(s, &way);
	came = signals_shoot(&way);
	done = is_done(s, came);
	*o = (struct outcome){
		.vector = done ? SHOT_DONE : came->vector,
		.error = came->error,
		.cr2 = came->cr2,
		.pkrs = s->pkrs,
		.value = registers_value(s->kind, &way.registers, &came->registers,
					 way.vectors.data),
		.rsp_moved = (int)(came->registers.rsp - way.registers.rsp),
		.rip_right = done || is_at_access(s, came),
	};
	if (!linux_agrees(came))
		o->vector = 0;
}

// SPDX-License-Identifier: MIT
#include "tests/host/soft.h"
#include "tests/matrix/state.h"
#include "tests/matrix/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Physical memory: nothing at 0, the tables, the homes beside the tested page, then the block. */
#define MEMORY          (8ull << 20)
#define AT_TABLES       0x10000ull
#define AT_HOMES        0x40000ull
#define AT_SCRATCH_PAGE 0x50000ull
#define AT_BLOCK        (6ull << 20)
#define VECTOR_DF       8
#define VECTOR_PF       14
#define RIGHTS_MASK     3u

struct machine_can machine_can;
struct soft_cpu soft_cpu;
enum fault soft_fault;

static u8 *memory;

static _Noreturn void end(const char *why)
{
	fprintf(stderr, "soft machine: %s (error planted: %s)\n", why, fault_text(soft_fault)->id);
	abort();
}

u8 *soft_memory(u64 phys, u64 bytes)
{
	if (phys < AT_TABLES || phys > MEMORY - bytes)
		end("an access to memory that is not there");
	return memory + phys;
}

void soft_check_code(const u8 *code)
{
	bool there = code[0] == (JMP_RBX & 0xff) && code[1] == JMP_RBX >> 8;

	if (soft_fault == FAULT_NONE && !there) /* an error may lead anywhere */
		end("a fetch of what is no instruction");
}

const char *machine_setup(void)
{
	memory = aligned_alloc(4096, MEMORY);
	if (!memory)
		return "no memory";
	memset(memory, 0, MEMORY);
	machine_can = (struct machine_can){ .pks = true,
					    .pku = true,
					    .smap = true,
					    .page_1g = true,
					    .la57 = true,
					    .needs = (1u << NEEDS) - 1 };
	memset(&soft_cpu, 0, sizeof(soft_cpu));
	soft_cpu.epoch = 1;
	for (u32 i = 0; i < TABLES; i++) {
		tables.phys[i] = AT_TABLES + i * 4096ull;
		tables.entries[i] = (u64 *)soft_memory(tables.phys[i], 4096);
	}
	for (u32 i = 0; i < 2; i++)
		tables.home_phys[i] = AT_HOMES + i * 4096ull;
	tables.scratch = soft_memory(AT_SCRATCH_PAGE, 4096);
	for (u32 i = 0; i < 2; i++)
		tables.home[i] = soft_memory(tables.home_phys[i], 4096);
	soft_system_registers();
	tables.block_phys = AT_BLOCK;
	tables.block = soft_memory(AT_BLOCK, BLOCK_SIZE);
	*(u16 *)(tables.block + CODE_PAGE + AT_CODE) = JMP_RBX;
	tables_link();
	return NULL;
}

void machine_teardown(void)
{
	soft_tlb_flush();
	free(memory);
	memory = NULL;
}

void machine_enter(u32 levels)
{
	soft_cpu.levels = levels;
	soft_cpu.cr3 = tables.phys[levels == 5 ? TABLE_PML5 : TABLE_PML4];
	soft_tlb_flush();
}

void machine_leave(void)
{
}

void machine_flush(void)
{
	soft_tlb_flush();
}

void machine_home_key(u32 key)
{
	soft_cpu.home_key = key;
}

/* Something has changed that rights depend on: they are looked up anew, unless `ignored`. */
static void changed(bool ignored)
{
	soft_keep_changed();
	if (!ignored)
		soft_cpu.epoch++;
}

static void write_pkrs(u32 pkrs)
{
	if (pkrs == soft_cpu.pkrs)
		return;
	soft_cpu.late_pkrs = soft_cpu.pkrs;
	soft_cpu.pkrs = pkrs;
	changed(BROKEN(rights_survive_wrmsr) ||
		(BROKEN(rights_survive_changes_of_wd) &&
		 !((soft_cpu.late_pkrs ^ soft_cpu.pkrs) & 0x55555555)));
}

/* The machine reads the tables. */
void machine_row(const struct mcase *row)
{
	(void)row;
}

static void write_pkru(u32 pkru)
{
	if (pkru == soft_cpu.pkru)
		return;
	changed(BROKEN(rights_survive_wrpkru));
	soft_cpu.pkru = pkru;
}

void machine_control(const struct control *c)
{
	if (c->pks != soft_cpu.pks)
		changed(BROKEN(rights_survive_cr4_pks));
	if (c->wp != soft_cpu.wp)
		changed(BROKEN(rights_survive_cr0_wp));
	if (c->pke != soft_cpu.pke || c->smap != soft_cpu.smap)
		changed(false);
	soft_cpu.wp = c->wp;
	soft_cpu.pks = c->pks;
	soft_cpu.pke = c->pke;
	soft_cpu.smap = soft_cpu.smep = c->smap;
	write_pkru(c->pkru);
}

/*
 * The processor itself needs the home pages: if their key were denied, the next exception would be
 * a triple fault. That must not happen to the suite, whatever error is planted, so the checks look
 * at the registers and at the entry alone.
 */
static void check_home_page(u64 va)
{
	struct translation t;
	u64 leaf;

	if (soft_walk(va, &t) != WALK_OK)
		end("a home page is not present");
	leaf = *t.path[t.depth - 1];
	if (leaf >> 2 & 1 || (leaf >> 59 & 15) != soft_cpu.home_key)
		end("a home page is not the processor's own");
}

static void check_home(const struct shot *s)
{
	u64 region = s->address & ~((1ull << 39) - 1);
	u32 shift = 2 * soft_cpu.home_key;

	if (soft_cpu.pks && soft_cpu.pkrs >> shift & RIGHTS_MASK)
		end("triple fault: the home's key is denied");
	if (soft_cpu.pke && soft_cpu.pkru >> shift & RIGHTS_MASK)
		end("triple fault where PKRU rules all addresses: the home's key is denied");
	if (s->mode == MODE_COMPAT && s->address >> 32)
		end("32-bit code has no such address");
	if (!kind_in_table(s->kind))
		return;
	check_home_page(region + VA_TABLES);
	check_home_page(region + VA_TABLES + 2 * 4096);
}

static void report(u32 vector, struct outcome *o)
{
	o->vector = vector;
	o->error = vector == VECTOR_PF || BROKEN(double_fault_has_an_error) ? soft_cpu.error : 0;
	o->cr2 = soft_cpu.cr2;
	if (BROKEN(pkrs_reset_by_a_fault))
		soft_cpu.pkrs = 0;
	o->rip_right = !BROKEN(rip_is_behind_the_instruction);
}

/* Delivers a page fault; its delivery makes the access of this kind. */
static void shoot_in_delivery(const struct shot *s, struct outcome *o)
{
	u64 cr2;
	u32 error;

	if (soft_read_absent())
		end("there is a page at VA_ABSENT");
	error = soft_cpu.error;
	cr2 = soft_cpu.cr2;
	if (!soft_execute(s->address, &o->value)) {
		report(BROKEN(no_double_fault) ? VECTOR_PF : VECTOR_DF, o);
		return;
	}
	soft_cpu.error = error;
	soft_cpu.cr2 = cr2;
	report(VECTOR_PF, o);
}

static void shoot(const struct shot *s, struct outcome *o)
{
	if (matrix_kinds[s->kind].flags & KF_IN_FAULT)
		shoot_in_delivery(s, o);
	else if (!soft_execute(s->address, &o->value))
		report(soft_own_is_double() ? VECTOR_DF : VECTOR_PF, o);
}

struct landing machine_landing(u32 kind, u32 mode, bool first)
{
	return (struct landing){ .rip = (first ? 0x30000 : 0x10000) + 16 * kind,
				 .cs = (u16)(0x80 + 8 * mode),
				 .ss = (u16)(0x40 + 8 * mode) };
}

/* A run's first accesses, under rights that permit them; true if they are made. */
static bool shoot_first(const struct shot *s, struct outcome *o)
{
	u32 value = 0;

	soft_cpu.kind = s->first;
	soft_cpu.operand = s->first_address;
	for (u32 i = 0; i < 2; i++)
		if (!soft_execute(s->first_address, &value)) {
			report(VECTOR_PF, o);
			return false;
		}
	if (!BROKEN(wrmsr_inline_acts_late))
		write_pkrs(s->pkrs);
	if (soft_cpu.pke && !BROKEN(wrpkru_inline_acts_late))
		write_pkru(s->pkru);
	soft_cpu.kind = s->kind;
	soft_cpu.operand = s->address;
	return true;
}

void machine_shoot(const struct shot *s, struct outcome *o)
{
	bool run = s->first != KINDS;

	*o = (struct outcome){ .vector = SHOT_DONE, .value = MATRIX_OPERAND, .rip_right = true };
	write_pkrs(run ? s->first_pkrs : s->pkrs);
	if (soft_cpu.pke)
		write_pkru(run ? s->first_pkru : s->pkru);
	soft_forget();
	soft_cpu.kind = s->kind;
	soft_cpu.rsp_moved = 0;
	soft_cpu.operand = s->address;
	soft_cpu.mode = s->mode;
	soft_cpu.ac = s->ac;
	soft_cpu.cpl = mode_cpl(s->mode);
	check_home(s);
	if (!run || shoot_first(s, o))
		shoot(s, o);
	o->rsp_moved = soft_cpu.rsp_moved;
	soft_cpu.late_pkrs = soft_cpu.pkrs;
	if ((BROKEN(pkrs_reset_by_an_iret) && soft_cpu.cpl == 3) ||
	    (BROKEN(pkrs_reset_by_an_iret_to_cpl_1) && soft_cpu.cpl == 1))
		soft_cpu.pkrs = 0;
	o->pkrs = soft_cpu.pkrs;
	if (s->pkrs & RIGHTS_MASK)
		write_pkrs(0); /* what runs next is the kernel, which needs key 0 */
	if (soft_cpu.pke)
		write_pkru(s->pkru & ~RIGHTS_MASK);
}

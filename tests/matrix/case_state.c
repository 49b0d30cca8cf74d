// SPDX-License-Identifier: MIT
#include "tests/matrix/case_state.h"
#include "kernel/console/console.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "tests/matrix/cpu.h"
#include "tests/matrix/own.h"
#include "tests/matrix/tables.h"

static struct {
	u64 cr0, cr4, cr2, efer;
	u64 rdi, rsp, flags, cs, target; /* of the instruction */
	u32 vector, error, pkrs_after;
	u64 leaf; /* the entry after the access */
} noted;

void case_state_note(const struct mcase *c, const struct outcome *o)
{
	noted.cr0 = cpu_now.cr0;
	noted.cr4 = cpu_now.cr4;
	noted.efer = rdmsr(MSR_EFER);
	noted.cr2 = o->cr2;
	noted.vector = o->vector;
	noted.error = o->error;
	noted.pkrs_after = o->pkrs;
	noted.rdi = home->rdi;
	noted.rsp = home->new_rsp;
	noted.flags = home->new_flags;
	noted.cs = home->frame[1];
	noted.target = home->target;
	noted.leaf = *case_entry(c);
}

static const char *const entry_names[] = { "", "PTE", "PDE", "PDPTE", "PML4E", "PML5E" };

/* Returns the table at a physical address; TABLES if the matrix has none there. */
static u32 table_at(u64 phys)
{
	u32 t = 0;

	while (t < TABLES && tables.phys[t] != phys)
		t++;
	return t;
}

/* Prints the entries of one address, from the top; returns the size of its page. */
static u64 print_walk(const struct mcase *c, u64 va)
{
	int level = c->v[AXIS_LEVELS] == LEVELS_5 ? 5 : 4;
	u32 t = level == 5 ? TABLE_PML5 : TABLE_PML4;

	for (;; level--) {
		u32 index = (u32)(va >> (12 + 9 * (level - 1)) & 511);
		u64 entry = tables.entries[t][index];

		pr("    # state: va=%p entry=%s index=%u value=%016lx\n", (void *)va,
		   entry_names[level], index, entry);
		if (level == 1 || entry & PTE_PS || !(entry & PTE_P))
			break;
		t = table_at(entry & PTE_ADDR);
		if (t == TABLES) {
			pr("    # state: va=%p entry=elsewhere\n", (void *)va);
			break;
		}
	}
	return 1ULL << (12 + 9 * (level - 1));
}

/* A descriptor table begins in the page below the tested one. */
static u64 tested_address(const struct mcase *c)
{
	u64 va = case_address(c);

	return kind_in_table(c->v[AXIS_KIND]) ? va - (u64)own_base(c->v[AXIS_KIND]) : va;
}

/* The bytes from the start of the kind's code to its end; `access` is the offset of what faults. */
static void print_code(u32 kind)
{
	const struct shot_code *code = &matrix_shots[kind];
	const u8 *byte = (const u8 *)code->start;

	pr("    # state: code=%p at=%p access=%lu bytes=", (void *)code->start,
	   (void *)noted.target, code->access - code->start);
	for (u64 i = 0; i < code->end - code->start; i++)
		pr("%02x", byte[i]);
	pr("\n");
}

void case_state_print(const struct mcase *c)
{
	bool warm = c->v[AXIS_TLB] != TLB_COLD;
	u64 va = tested_address(c), size;

	pr("    # state: vector=%x error=%x cr2=%p pkrs-after=%08x\n", noted.vector, noted.error,
	   (void *)noted.cr2, noted.pkrs_after);
	pr("    # state: cr0=%016lx cr4=%016lx efer=%016lx\n", noted.cr0, noted.cr4, noted.efer);
	pr("    # state: pkrs=%08x pkru=%08x\n", case_pkrs(c, false), case_pkru(c, false));
	if (warm) /* of the same access before; then came the change that the axis names */
		pr("    # state: before=%s pkrs=%08x pkru=%08x\n",
		   value_name(AXIS_TLB, c->v[AXIS_TLB]), case_pkrs(c, true), case_pkru(c, true));
	pr("    # state: cs=%04lx rflags=%08lx rdi=%p rsp=%p\n", noted.cs, noted.flags,
	   (void *)noted.rdi, (void *)noted.rsp);
	print_code(c->v[AXIS_KIND]);
	tables_prepare(c);
	if (c->v[AXIS_TLB] == TLB_REKEY || c->v[AXIS_TLB] == TLB_STALE ||
	    c->v[AXIS_TLB] == TLB_REKEY_CR3)
		pr("    # state: old-key=%u\n", case_old_key(c));
	size = print_walk(c, va);
	if (c->v[AXIS_SPAN] != SPAN_NONE)
		print_walk(c, (va | (size - 1)) + 1);
	pr("    # state: leaf-after=%016lx\n", noted.leaf);
}

// SPDX-License-Identifier: MIT
/*
 * The matrix's machine on the real CPU: its registers, and the switch there and back. The mirror
 * cpu->pkrs keeps its value meanwhile; nobody reads it, as interrupts are off and the NMI handler
 * is a bare IRET.
 */
#include "tests/matrix/cpu.h"
#include "boot/cross.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "mm/pgtable_internal.h"
#include "pks/pkrs.h"
#include "tests/matrix/tables.h"

struct pseudo_descriptor {
	u16 limit;
	u64 base;
} __attribute__((packed));

/* The kernel's state, while the matrix runs. */
static struct {
	u64 flags, cr0, cr3, cr4;
	u32 levels;
	struct pseudo_descriptor gdtr, idtr;
	u16 ds, es;
} kernel;

struct cpu_now cpu_now;

void cpu_set_segments(u16 ds, u16 es)
{
	asm volatile("mov %0, %%ds; mov %1, %%es" : : "r"((u32)ds), "r"((u32)es) : "memory");
}

static void put_pkrs(u32 pkrs)
{
	if (machine_can.pks && pkrs != cpu_now.pkrs)
		wrmsr(MSR_IA32_PKRS, pkrs);
	cpu_now.pkrs = pkrs;
}

static void put_cr4(u64 cr4)
{
	if (cr4 != cpu_now.cr4)
		write_cr4(cr4);
	cpu_now.cr4 = cr4;
}

/* WRPKRU needs CR4.PKE. */
static void put_pkru(u32 pkru)
{
	if (!machine_can.pku || pkru == cpu_now.pkru)
		return;
	put_cr4(cpu_now.cr4 | CR4_PKE);
	asm volatile("wrpkru" : : "a"(pkru), "c"(0), "d"(0) : "memory");
	cpu_now.pkru = pkru;
}

void machine_control(const struct control *c)
{
	u64 cr0 = (cpu_plain_cr0(kernel.cr0) & ~(u64)CR0_WP) | (c->wp ? CR0_WP : 0);
	u64 cr4 = cpu_now.cr4 & ~(u64)(CR4_PKS | CR4_PKE | CR4_SMAP | CR4_SMEP);

	if (cr0 != cpu_now.cr0)
		write_cr0(cr0);
	cpu_now.cr0 = cr0;
	put_pkru(c->pkru);
	put_cr4(cr4 | (c->pks ? CR4_PKS : 0) | (c->pke ? CR4_PKE : 0) |
		(c->smap ? CR4_SMAP | CR4_SMEP : 0));
}

/* The CPU reads the tables. */
void machine_row(const struct mcase *row)
{
	(void)row;
}

void machine_flush(void)
{
	write_cr3(tables.phys[cpu_now.levels == 5 ? TABLE_PML5 : TABLE_PML4]);
}

void machine_invlpg(u64 va)
{
	invlpg(va);
}

void machine_home_key(u32 key)
{
	if (key == cpu_now.home_key)
		return;
	put_pkrs(0); /* the rights of the last access may deny the new key */
	for (u32 i = 0; i < HOME_PAGES; i++) {
		u64 *entry = cpu_home_entry(i);

		*entry = pte_with_key(*entry, key);
	}
	*cpu_scratch_entry() = pte_with_key(*cpu_scratch_entry(), key);
	machine_flush();
	cpu_now.home_key = key;
}

void cpu_load_tables(u64 gdt, u64 idt)
{
	struct pseudo_descriptor gdtr = { 0xfff, gdt }, idtr = { 0xfff, idt };

	lgdt(&gdtr);
	lidt(&idtr);
}

/* Loads the TSS at `base`. LTR marks the descriptor busy, so it is written anew each time. */
void cpu_load_tss(u64 base, u32 limit)
{
	home->gdt[SEL_TSS / 8] = cpu_tss_descriptor(base, limit);
	home->gdt[SEL_TSS / 8 + 1] = base >> 32;
	ltr(SEL_TSS);
}

/* Switches to paging with `levels`, in the matrix's tables. */
static void set_levels(u32 levels)
{
	if (levels == cpu_now.levels)
		return;
	put_cr4(cpu_now.cr4 & ~(u64)(CR4_PKS | CR4_PKE | CR4_SMAP | CR4_SMEP));
	cpu_now.levels = levels;
	cpu_now.cr4 = levels == 5 ? cpu_now.cr4 | CR4_LA57 : cpu_now.cr4 & ~(u64)CR4_LA57;
	paging_cross((u32)tables.phys[levels == 5 ? TABLE_PML5 : TABLE_PML4], (u32)cpu_now.cr4);
}

void machine_enter(u32 levels)
{
	kernel.flags = irq_save();
	kernel.cr0 = cpu_now.cr0 = read_cr0();
	kernel.cr4 = cpu_now.cr4 = read_cr4();
	kernel.cr3 = read_cr3();
	asm volatile("sgdt %0; sidt %1" : "=m"(kernel.gdtr), "=m"(kernel.idtr));
	asm volatile("mov %%ds, %0; mov %%es, %1" : "=r"(kernel.ds), "=r"(kernel.es));
	cpu_now.aimed.kind = KINDS; /* no shot */
	cpu_now.levels = kernel.levels = (u32)pgtable_top();
	cpu_now.pkrs = machine_can.pks ? (u32)rdmsr(MSR_IA32_PKRS) : 0;
	cpu_now.pkru = ~0u; /* unknown: forces a write */
	put_pkru(0);
	machine_flush(); /* now in the matrix's tables, with the kernel's levels */
	set_levels(levels);
	BUG_ON(pgtable_top() != (int)levels); /* no case would show it: the low half is alike */
	put_cr4(cpu_plain_enter(cpu_now.cr4));
	cpu_load_tables((u64)home->gdt, (u64)home->idt);
	cpu_load_tss((u64)&home->tss, sizeof(struct tss) - 1);
	cpu_own_enter();
	cpu_set_segments(SEL_USER_DS, SEL_USER_DS); /* 32-bit code uses them */
}

void machine_leave(void)
{
	struct cpu *cpu = this_cpu();

	put_pkru(0);
	cpu_plain_leave();
	set_levels(kernel.levels);
	write_cr3(kernel.cr3);
	write_cr0(kernel.cr0);
	put_pkrs((u32)cpu->pkrs); /* before CR4.PKS comes back */
	write_cr4(kernel.cr4);
	lgdt(&kernel.gdtr);
	lidt(&kernel.idtr);
	cpu_own_leave();
	cpu->gdt[SEL_TSS / 8] &= ~(2ull << 40); /* not busy, or LTR would fault */
	ltr(SEL_TSS);
	cpu_set_segments(kernel.ds, kernel.es);
	/* No test would see other rights: the next context that has its own writes the register. */
	BUG_ON(machine_can.pks && rdmsr(MSR_IA32_PKRS) != cpu->pkrs);
	irq_restore(kernel.flags);
}

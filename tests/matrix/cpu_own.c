// SPDX-License-Identifier: MIT
/*
 * What the CPU's own accesses need before and after them: tables and stacks that lie in the tested
 * page (own.h), and the gates, descriptors and MSRs that lead there.
 */
#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/x86.h"
#include "kernel/lib/string.h"
#include "tests/matrix/cpu.h"
#include "tests/matrix/own.h"
#include "tests/matrix/tables.h"

/* A TSS with the I/O permission bitmap up to the port's byte, and one more. */
#define TSS_LIMIT (sizeof(struct tss) - 1)

/* SDM Vol. 3A, "Call Gates" in 64-bit mode: a gate for CPL 3 to the matrix's kernel code. */
static void make_call_gate(u64 gate[2], u16 cs)
{
	u64 to = (u64)matrix_own_target;

	gate[0] = (to & 0xffff) | (u64)cs << 16 | 0xecull << 40 | (to >> 16 & 0xffff) << 48;
	gate[1] = to >> 32;
}

static void gate_to_target(u32 vector, u16 cs)
{
	u64 to = (u64)matrix_own_target;
	struct gate *g = &home->idt[vector];

	g->offset_low = (u16)to;
	g->offset_middle = (u16)(to >> 16);
	g->offset_high = (u32)(to >> 32);
	g->selector = cs;
	g->ist = 0;
}

void cpu_own_gates(void)
{
	gate_to_target(VECTOR_CS, SEL_TESTED);
	gate_to_target(VECTOR_RING + 1, SEL_RING1_CS);
	gate_to_target(VECTOR_RING + 2, SEL_RING2_CS);
	for (u32 n = 1; n <= 7; n++)
		home->idt[VECTOR_IST + n].ist = (u8)n;
	home->tss.rsp[1] = home->tss.rsp[2] = (u64)home->user_stack + sizeof(home->user_stack);
	make_call_gate(&home->gdt[SEL_GATE / 8], SEL_KERNEL_CS);
}

static void load_ldt(u16 selector)
{
	asm volatile("lldt %0" : : "r"(selector) : "memory");
}

#define APIC_IRR 0x200 /* the first of eight registers, 0x10 apart */

static u64 lstar;

void cpu_own_enter(void)
{
	u16 limit = 0xfff;
	u64 gdt = (u64)home->gdt, idt = (u64)home->idt;

	load_ldt(0); /* after RESET the LDT is all of the memory from 0 on */
	lstar = rdmsr(MSR_LSTAR);
	wrmsr(MSR_LSTAR, (u64)matrix_own_target);
	cpu_now.cr4 &= ~(u64)CR4_UMIP; /* CPL 3 may store what the system registers hold */
	write_cr4(cpu_now.cr4);
	memcpy(tables.gdtr, &limit, 2);
	memcpy(tables.gdtr + 2, &gdt, 8);
	memcpy(tables.idtr, &limit, 2);
	memcpy(tables.idtr + 2, &idt, 8);
	tables.tr = SEL_TSS;
	tables.msw = (u16)cpu_now.cr0;
}

void cpu_own_leave(void)
{
	wrmsr(MSR_LSTAR, lstar);
}

/* Loads segments anew that an access has loaded from the tested page. */
static void reload_segments(void)
{
	cpu_set_segments(SEL_USER_DS, SEL_USER_DS);
	asm volatile("mov %0, %%fs; mov %1, %%ss" : : "r"(0), "r"(SEL_KERNEL_DS) : "memory");
}

static bool is_call_gate(u32 kind)
{
	return kind == KIND_GATE || kind == KIND_GATE_LOW || kind == KIND_LDT_GATE_HIGH;
}

/* What the tested item must be, if memory_fill() could not know it. */
static void put_descriptor(u32 kind)
{
	u64 item[2];

	if (is_call_gate(kind)) {
		make_call_gate(item, SEL_KERNEL_CS);
		own_put_item(kind, item);
	} else if (kind == KIND_LTR || kind == KIND_LTR_LOW) {
		item[0] = cpu_tss_descriptor((u64)&home->tss, TSS_LIMIT);
		item[1] = (u64)&home->tss >> 32;
		own_put_item(kind, item);
	} else if (kind == KIND_GATE_CS || kind == KIND_GATE_CS_MARK) {
		make_call_gate(&home->gdt[SEL_GATE / 8], SEL_TESTED);
	}
}

static void prepare_ldt(const struct shot *s)
{
	put_descriptor(s->kind);
	home->gdt[SEL_LDT / 8] = 0x0000820000000000 | 15 | (s->address & 0xffffff) << 16 |
				 (s->address >> 24 & 0xff) << 56;
	home->gdt[SEL_LDT / 8 + 1] = s->address >> 32;
	load_ldt(SEL_LDT);
}

/* Gates up to the vector, and those of all exceptions. */
static void prepare_idt(const struct shot *s)
{
	u32 gate = own_places[s->kind].offset / 16;

	own_put_table(s->kind, home->idt, MAX(gate, 32U) * sizeof(struct gate));
	own_put_item(s->kind, &home->idt[gate]);
	cpu_load_tables((u64)home->gdt, s->address);
}

static void prepare_tss(const struct shot *s)
{
	u32 item = own_places[s->kind].offset, limit = TSS_LIMIT;
	struct tss tss = home->tss;

	if (s->kind == KIND_TSS_IST1) /* it must not be what a page fault needs */
		home->idt[X86_PF].ist = home->idt[X86_DF].ist = 2;
	if (item > limit) {
		tss.iomap_base = (u16)(item - OWN_PORT_BYTE);
		limit = item + 1;
	}
	own_put_table(s->kind, &tss, sizeof(tss));
	if (item < sizeof(tss))
		own_put_item(s->kind, (u8 *)&tss + item);
	cpu_load_tss(s->address, limit);
}

/* The exception whose frame is under test: it comes on the current stack, or on that of the TSS. */
static u32 frame_vector(u32 kind)
{
	switch (kind) {
	case KIND_FRAME_DF:
		return X86_PF;
	case KIND_FRAME:
	case KIND_FRAME_IST:
	case KIND_SYSCALL:
	case KIND_SYSRET:
		return VECTOR_FRAME; /* it never has an IST */
	default:
		return matrix_kinds[kind].flags & KF_DELIVERS ? cpu_end_vector(kind) : VECTOR_FRAME;
	}
}

static void prepare_stack(u32 kind, u64 top)
{
	if (kind == KIND_FRAME_IST || kind == KIND_FRAME_IST_TOP || kind == KIND_FRAME_IST_END) {
		home->tss.ist[1] = top;
		return;
	}
	home->idt[frame_vector(kind)].ist = 0;
	home->tss.rsp[0] = top;
}

static bool is_irq(u32 kind)
{
	return kind == KIND_FRAME_IRQ || kind == KIND_IDT_IRQ;
}

static bool is_nmi(u32 kind)
{
	return kind == KIND_FRAME_NMI || kind == KIND_IDT_NMI;
}

/* Sends the interrupt, and waits until it is pending, or any other would come first. */
static void send_irq(void)
{
	u32 pending = APIC_IRR + OWN_IRQ / 32 * 0x10;

	apic_self_ipi(OWN_IRQ);
	while (!(apic_line(pending) >> OWN_IRQ % 32 & 1))
		cpu_relax();
}

void cpu_own_prepare(const struct shot *s)
{
	if (is_irq(s->kind))
		send_irq();
	if (is_nmi(s->kind))
		cpu_own_hold_nmi();
	switch (own_places[s->kind].table) {
	case OWN_GDT:
		put_descriptor(s->kind);
		own_put_table(s->kind, home->gdt, sizeof(home->gdt));
		cpu_load_tables(s->address, (u64)home->idt);
		break;
	case OWN_LDT:
		prepare_ldt(s);
		break;
	case OWN_IDT:
		prepare_idt(s);
		break;
	case OWN_TSS:
		prepare_tss(s);
		break;
	case OWN_STACK:
		prepare_stack(s->kind, s->address + matrix_kinds[s->kind].bytes);
		break;
	default:
		if (matrix_kinds[s->kind].group == GROUP_FRAME)
			prepare_stack(s->kind, s->address);
	}
}

static void restore_stack(u32 kind)
{
	u32 vector = frame_vector(kind);

	home->tss.ist[1] = (u64)home->exception_stack + sizeof(home->exception_stack);
	home->tss.rsp[0] = (u64)home->user_stack + sizeof(home->user_stack);
	if (vector < 32 || vector == OWN_IRQ)
		home->idt[vector].ist = 1;
}

static void restore_tables(const struct shot *s)
{
	switch (own_places[s->kind].table) {
	case OWN_GDT:
		if (s->kind == KIND_GATE_CS || s->kind == KIND_GATE_CS_MARK)
			make_call_gate(&home->gdt[SEL_GATE / 8], SEL_KERNEL_CS);
		cpu_load_tables((u64)home->gdt, (u64)home->idt);
		reload_segments();
		if (s->kind == KIND_LLDT || s->kind == KIND_LLDT_LOW)
			load_ldt(0);
		if (s->kind == KIND_LTR || s->kind == KIND_LTR_LOW)
			cpu_load_tss((u64)&home->tss, TSS_LIMIT);
		break;
	case OWN_LDT:
		load_ldt(0);
		reload_segments();
		break;
	case OWN_IDT:
		cpu_load_tables((u64)home->gdt, (u64)home->idt);
		break;
	case OWN_TSS:
		home->idt[X86_PF].ist = home->idt[X86_DF].ist = 1;
		cpu_load_tss((u64)&home->tss, TSS_LIMIT);
		break;
	default:
		if (s->kind < KIND_SGDT)
			restore_stack(s->kind);
		else if (s->kind == KIND_LFS)
			reload_segments();
	}
}

void cpu_own_restore(const struct shot *s)
{
	restore_tables(s);
	if (is_irq(s->kind))
		apic_eoi(); /* taken, whatever became of its delivery */
	if (is_nmi(s->kind))
		cpu_own_release_nmi();
}

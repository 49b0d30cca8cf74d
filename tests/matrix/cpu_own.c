// SPDX-License-Identifier: MIT
/* What the CPU's own accesses need: tables and stacks that lie in the tested page. */
#include "kernel/cpu/x86.h"
#include "kernel/lib/string.h"
#include "tests/matrix/cpu.h"
#include "tests/matrix/tables.h"

void cpu_own_prepare(const struct shot *s)
{
	u8 *end_of_below = cpu_beside(0) + PAGE_SIZE;
	u64 gate;

	switch (s->kind) {
	case KIND_FRAME_DF:
		home->idt[X86_PF].ist = 0;
		__attribute__((fallthrough));
	case KIND_FRAME:
		home->tss.rsp[0] = s->address;
		break;
	case KIND_FRAME_IST:
		home->tss.ist[1] = s->address;
		break;
	case KIND_GDT:
	case KIND_GDT_MARK:
		memcpy(end_of_below - 32 * 8, home->gdt, sizeof(home->gdt));
		cpu_load_tables(s->address, (u64)home->idt);
		break;
	case KIND_IDT:
	case KIND_IDT_DF:
		gate = s->kind == KIND_IDT ? VECTOR_GATE : X86_PF;
		memcpy(end_of_below - gate * sizeof(struct gate), home->idt,
		       gate * sizeof(struct gate));
		memcpy(tables.block, &home->idt[gate], sizeof(struct gate));
		cpu_load_tables((u64)home->gdt, s->address);
		break;
	case KIND_TSS:
		memcpy(tables.block + PAGE_SIZE - TSS_IN_TESTED, &home->tss, TSS_IN_TESTED);
		memcpy(cpu_beside(1), (u8 *)&home->tss + TSS_IN_TESTED,
		       sizeof(struct tss) - TSS_IN_TESTED);
		cpu_load_tss(s->address);
		break;
	}
}

void cpu_own_restore(const struct shot *s)
{
	switch (s->kind) {
	case KIND_FRAME_DF:
		home->idt[X86_PF].ist = 1;
		__attribute__((fallthrough));
	case KIND_FRAME:
		home->tss.rsp[0] = (u64)home->user_stack + sizeof(home->user_stack);
		break;
	case KIND_GDT:
	case KIND_GDT_MARK:
	case KIND_IDT:
	case KIND_IDT_DF:
		cpu_load_tables((u64)home->gdt, (u64)home->idt);
		cpu_set_segments(SEL_USER_DS, SEL_USER_DS);
		break;
	case KIND_TSS:
		cpu_load_tss((u64)&home->tss);
		break;
	}
}

u32 cpu_end_vector(u32 kind)
{
	switch (kind) {
	case KIND_FRAME:
		return VECTOR_FRAME;
	case KIND_FRAME_IST:
		return VECTOR_FRAME_IST;
	case KIND_IDT:
		return VECTOR_GATE;
	case KIND_TSS:
		return VECTOR_STACK;
	default:
		return VECTOR_DONE;
	}
}

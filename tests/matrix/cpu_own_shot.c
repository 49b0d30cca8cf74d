// SPDX-License-Identifier: MIT
/* How one of the CPU's own accesses is provoked, and where it ends. */
#include "kernel/cpu/x86.h"
#include "kernel/lib/string.h"
#include "tests/matrix/cpu.h"
#include "tests/matrix/own.h"
#include "tests/matrix/tables.h"

#define AT_POINTER 0 /* in the scratch page */
#define AT_FRAME   0x800

/* Where the access ends if nothing faults. */
enum end {
	END_BEHIND, /* behind the INT that follows it, or behind the access itself */
	END_ACCESS, /* at the instruction that an exception or interrupt was met at */
	END_TARGET, /* in matrix_own_target */
	END_USER,   /* as END_BEHIND, but at CPL 3 */
};

static enum end end_of(u32 kind)
{
	switch (kind) {
	case KIND_FRAME_UD:
	case KIND_FRAME_DE:
	case KIND_FRAME_GP:
	case KIND_FRAME_NP:
	case KIND_FRAME_SS:
	case KIND_FRAME_GP_TOP:
	case KIND_FRAME_GP_END:
	case KIND_IDT_UD:
	case KIND_IDT_DE:
	case KIND_IDT_GP:
	case KIND_FRAME_IRQ:
	case KIND_FRAME_NMI:
	case KIND_IDT_IRQ:
	case KIND_IDT_NMI:
		return END_ACCESS;
	case KIND_FRAME_GATE:
	case KIND_FRAME_GATE_1:
	case KIND_FRAME_GATE_2:
	case KIND_FRAME_GATE_3:
	case KIND_IDT_CS:
	case KIND_IDT_CS_MARK:
	case KIND_GATE:
	case KIND_GATE_LOW:
	case KIND_GATE_CS:
	case KIND_GATE_CS_MARK:
	case KIND_LDT_GATE_HIGH:
	case KIND_TSS_GATE:
	case KIND_TSS_RSP1:
	case KIND_TSS_RSP2:
	case KIND_SYSCALL:
		return END_TARGET;
	case KIND_SYSRET:
		return END_USER;
	default:
		return END_BEHIND;
	}
}

/* The exceptions whose frame or gate is under test. */
static u32 exception_of(u32 kind)
{
	switch (kind) {
	case KIND_FRAME_BP:
	case KIND_IDT_BP:
	case KIND_IDT_BP_HIGH:
		return X86_BP;
	case KIND_FRAME_UD:
	case KIND_IDT_UD:
		return X86_UD;
	case KIND_FRAME_DE:
	case KIND_IDT_DE:
		return X86_DE;
	case KIND_FRAME_GP:
	case KIND_FRAME_GP_TOP:
	case KIND_FRAME_GP_END:
	case KIND_IDT_GP:
		return X86_GP;
	case KIND_FRAME_NP:
		return X86_NP;
	case KIND_FRAME_SS:
		return X86_SS;
	case KIND_IDT_OF:
		return X86_OF;
	case KIND_FRAME_NMI:
	case KIND_IDT_NMI:
		return X86_NMI;
	case KIND_FRAME_IRQ:
	case KIND_IDT_IRQ:
		return OWN_IRQ;
	default:
		return VECTOR_DONE;
	}
}

u32 cpu_end_vector(u32 kind)
{
	switch (kind) {
	case KIND_FRAME:
	case KIND_FRAME_TOP:
	case KIND_FRAME_END:
		return VECTOR_FRAME;
	case KIND_FRAME_IST:
	case KIND_FRAME_IST_TOP:
	case KIND_FRAME_IST_END:
		return VECTOR_FRAME_IST;
	case KIND_IDT:
	case KIND_IDT_LOW:
		return VECTOR_GATE;
	case KIND_TSS:
	case KIND_TSS_LOW:
		return VECTOR_STACK;
	case KIND_TSS_IST_HIGH:
		return VECTOR_IST + 2;
	}
	if (kind >= KIND_TSS_IST1 && kind <= KIND_TSS_IST7)
		return VECTOR_IST + 1 + kind - KIND_TSS_IST1;
	return exception_of(kind);
}

static u32 cpl_of(const struct shot *s)
{
	return s->mode == MODE_KERNEL ? 0 : 3;
}

/* The scratch page as the access sees it. */
static u64 scratch(const struct shot *s, u32 offset)
{
	return (s->mode == MODE_KERNEL ? (u64)home->scratch : VA_SCRATCH) + offset;
}

/* Puts words of the access's natural size where it finds its stack. */
static void stack_words(const struct shot *s, const u64 *words, u32 count)
{
	for (u32 i = 0; i < count; i++)
		if (s->mode == MODE_COMPAT)
			((u32 *)(home->scratch + AT_FRAME))[i] = (u32)words[i];
		else
			((u64 *)(home->scratch + AT_FRAME))[i] = words[i];
}

static void far_pointer(const struct shot *s, u64 offset, u16 selector)
{
	u32 bytes = s->mode == MODE_COMPAT ? 4 : 8;

	memcpy(home->scratch + AT_POINTER, &offset, bytes);
	memcpy(home->scratch + AT_POINTER + bytes, &selector, sizeof(selector));
	home->rdi = scratch(s, AT_POINTER);
}

static void use_stack(const struct shot *s)
{
	home->new_rsp = home->frame[3] = scratch(s, AT_FRAME);
}

/* The code segment that is loaded, and, for an IRET, the stack segment. */
static u16 tested_cs(const struct shot *s)
{
	bool ldt = own_places[s->kind].table == OWN_LDT;

	return (u16)((ldt ? SEL_TESTED_LDT : SEL_TESTED) | cpl_of(s));
}

static void aim_far(const struct shot *s)
{
	u64 end = cpu_text_at(matrix_shots[s->kind].end - 2, s->mode), tested = tested_cs(s);
	bool ss = s->kind == KIND_GDT_IRET_SS || s->kind == KIND_GDT_IRET_SS_MARK;
	u64 frame[5] = { end, ss ? home->frame[1] : tested, home->new_flags, scratch(s, AT_FRAME),
			 ss                       ? tested
			 : s->mode == MODE_KERNEL ? SEL_KERNEL_DS
						  : SEL_USER_DS };

	use_stack(s);
	far_pointer(s, end, (u16)tested);
	if (s->mode == MODE_COMPAT ||
	    (s->kind >= KIND_GDT_IRET && s->kind <= KIND_GDT_IRET_SS_MARK))
		stack_words(s, frame, s->mode == MODE_COMPAT ? 3 : 5);
	else
		stack_words(s, frame, 2);
}

/* The selector for a load of ES, FS or SS, LAR and its like. */
static u16 selector_of(const struct shot *s)
{
	switch (s->kind) {
	case KIND_FRAME_GP:
	case KIND_FRAME_GP_TOP:
	case KIND_FRAME_GP_END:
	case KIND_IDT_GP:
		return SEL_BEYOND;
	case KIND_FRAME_NP:
		return SEL_ABSENT;
	case KIND_FRAME_SS:
		return s->mode == MODE_KERNEL ? SEL_ABSENT_0 : SEL_ABSENT;
	case KIND_GDT_SS:
	case KIND_GDT_SS_MARK:
		return tested_cs(s);
	case KIND_LLDT:
	case KIND_LLDT_LOW:
	case KIND_LTR:
	case KIND_LTR_LOW:
		return SEL_TESTED;
	default:
		return own_places[s->kind].table == OWN_LDT ? SEL_TESTED_LDT | 3 : SEL_TESTED | 3;
	}
}

/* The selector of the call gate, for kinds that use one. */
static u16 gate_selector(u32 kind)
{
	if (kind == KIND_GATE || kind == KIND_GATE_LOW)
		return SEL_TESTED | 3;
	return kind == KIND_LDT_GATE_HIGH ? SEL_TESTED_LDT | 3 : SEL_GATE;
}

/* Goes to the access by IRET at CPL 0, too. */
static void use_iret(const struct shot *s)
{
	home->user = true;
	if (s->mode == MODE_KERNEL)
		home->frame[4] = SEL_KERNEL_DS;
}

void cpu_own_aim(const struct shot *s)
{
	u32 kind = s->kind, table = own_places[kind].table;

	if (kind >= KIND_SGDT || matrix_kinds[kind].flags & KF_IN_FAULT)
		return;
	home->rbx = selector_of(s);
	if ((kind >= KIND_GDT_JMP && kind <= KIND_GDT_IRET_SS_MARK) || kind == KIND_LDT_JMP)
		aim_far(s);
	else if (end_of(kind) == END_TARGET)
		far_pointer(s, 0, gate_selector(kind));
	else if (table == OWN_STACK)
		home->new_rsp = s->address + matrix_kinds[kind].bytes;
	if (exception_of(kind) == X86_NMI)
		use_iret(s);
	if (kind == KIND_IO_IOPL || exception_of(kind) == OWN_IRQ)
		home->frame[2] = home->new_flags | RFLAGS_IOPL;
	if (kind == KIND_SYSRET)
		home->rbx = cpu_text_at(matrix_shots[kind].end - 2, MODE_USER);
}

static bool loads_cs(u32 kind)
{
	return (kind >= KIND_GDT_JMP && kind <= KIND_GDT_IRET_MARK) || kind == KIND_LDT_JMP;
}

static u16 target_cs(u32 kind)
{
	switch (kind) {
	case KIND_TSS_RSP1:
		return SEL_RING1_CS;
	case KIND_TSS_RSP2:
		return SEL_RING2_CS;
	case KIND_IDT_CS:
	case KIND_IDT_CS_MARK:
	case KIND_GATE_CS:
	case KIND_GATE_CS_MARK:
		return SEL_TESTED;
	default:
		return SEL_KERNEL_CS;
	}
}

/* True if the instruction begins with REX.W, which is one of its own in 32-bit code. */
static bool has_rex(u32 kind)
{
	return *(const u8 *)matrix_shots[kind].access == 0x48;
}

bool cpu_own_rip_right(const struct shot *s, bool done)
{
	const struct shot_code *code = &matrix_shots[s->kind];
	enum end end = done ? end_of(s->kind) : END_ACCESS;
	u64 access = code->access + (s->mode == MODE_COMPAT && has_rex(s->kind));

	switch (end) {
	case END_TARGET:
		return home->rip == (u64)matrix_own_target_end && home->cs == target_cs(s->kind);
	case END_USER:
		return home->rip == cpu_text_at(code->end, MODE_USER) && home->cs == SEL_USER_CS;
	case END_BEHIND:
		return home->rip == cpu_text_at(code->end, s->mode) &&
		       home->cs == (loads_cs(s->kind) ? tested_cs(s) : home->frame[1]);
	default:
		return home->rip == cpu_text_at(access, s->mode) && home->cs == home->frame[1];
	}
}

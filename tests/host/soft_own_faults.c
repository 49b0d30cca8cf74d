// SPDX-License-Identifier: MIT
/* Errors in what the processor accesses by itself. */
#include "tests/host/soft_access.h"

#define ALL      (CAN_READ | CAN_WRITE)
#define IN(mode) (1u << MODE_##mode)
#define ANY_MODE (~0u)

/* Accesses that ignore keys: those of the kinds from `first` to `last` that do one of `does`. */
static const struct {
	enum fault fault;
	u8 first, last, does;
	u32 modes;
} forgets[] = {
	{ FAULT_frame_ignores_keys, KIND_FRAME, KIND_FRAME, ALL, ANY_MODE },
	{ FAULT_ist_frame_ignores_keys, KIND_FRAME_IST, KIND_FRAME_IST, ALL, ANY_MODE },
	{ FAULT_gdt_ignores_keys, KIND_GDT, KIND_GDT_MARK, ALL, ANY_MODE },
	{ FAULT_gdt_mark_ignores_keys, KIND_GDT_MARK, KIND_GDT_MARK, CAN_WRITE, ANY_MODE },
	{ FAULT_idt_ignores_keys, KIND_IDT, KIND_IDT, ALL, ANY_MODE },
	{ FAULT_tss_ignores_keys, KIND_TSS, KIND_TSS, ALL, ANY_MODE },
	{ FAULT_breakpoint_frame_ignores_keys, KIND_FRAME_BP, KIND_FRAME_BP, ALL, ANY_MODE },
	{ FAULT_fault_frame_ignores_keys, KIND_FRAME_UD, KIND_FRAME_DE, ALL, ANY_MODE },
	{ FAULT_frame_with_error_ignores_keys, KIND_FRAME_GP, KIND_FRAME_SS, ALL, ANY_MODE },
	{ FAULT_call_gate_frame_ignores_keys, KIND_FRAME_GATE, KIND_FRAME_GATE, ALL, ANY_MODE },
	{ FAULT_interrupt_frame_ignores_keys, KIND_FRAME_IRQ, KIND_FRAME_IRQ, ALL, ANY_MODE },
	{ FAULT_interrupt_gate_ignores_keys, KIND_IDT_IRQ, KIND_IDT_IRQ, ALL, ANY_MODE },
	{ FAULT_nmi_frame_ignores_keys, KIND_FRAME_NMI, KIND_FRAME_NMI, ALL, ANY_MODE },
	{ FAULT_nmi_gate_ignores_keys, KIND_IDT_NMI, KIND_IDT_NMI, ALL, ANY_MODE },
	{ FAULT_idt_of_exceptions_ignores_keys, KIND_IDT_UD, KIND_IDT_GP, ALL, ANY_MODE },
	{ FAULT_idt_of_int3_ignores_keys, KIND_IDT_BP, KIND_IDT_BP_HIGH, ALL, ANY_MODE },
	{ FAULT_idt_of_into_ignores_keys, KIND_IDT_OF, KIND_IDT_OF, ALL, ANY_MODE },
	{ FAULT_gate_segment_ignores_keys, KIND_IDT_CS, KIND_IDT_CS_MARK, ALL, ANY_MODE },
	{ FAULT_gate_segment_mark_ignores_keys, KIND_IDT_CS_MARK, KIND_IDT_CS_MARK, CAN_WRITE,
	  ANY_MODE },
	{ FAULT_fs_load_ignores_keys, KIND_GDT_FS, KIND_GDT_FS_MARK, ALL, ANY_MODE },
	{ FAULT_ss_load_ignores_keys, KIND_GDT_SS, KIND_GDT_SS_MARK, ALL, ANY_MODE },
	{ FAULT_ss_mark_ignores_keys, KIND_GDT_SS_MARK, KIND_GDT_SS_MARK, CAN_WRITE, ANY_MODE },
	{ FAULT_far_jump_ignores_keys, KIND_GDT_JMP, KIND_GDT_JMP_MARK, ALL, ANY_MODE },
	{ FAULT_far_call_ignores_keys, KIND_GDT_CALL, KIND_GDT_CALL_MARK, ALL, ANY_MODE },
	{ FAULT_retf_ignores_keys, KIND_GDT_RETF, KIND_GDT_RETF_MARK, ALL, ANY_MODE },
	{ FAULT_iret_ignores_keys, KIND_GDT_IRET, KIND_GDT_IRET_MARK, ALL, ANY_MODE },
	{ FAULT_iret_mark_ignores_keys, KIND_GDT_IRET_MARK, KIND_GDT_IRET_MARK, CAN_WRITE,
	  ANY_MODE },
	{ FAULT_iret_ss_ignores_keys, KIND_GDT_IRET_SS, KIND_GDT_IRET_SS_MARK, ALL, ANY_MODE },
	{ FAULT_lar_ignores_keys, KIND_LAR, KIND_LAR, ALL, ANY_MODE },
	{ FAULT_lsl_ignores_keys, KIND_LSL, KIND_LSL, ALL, ANY_MODE },
	{ FAULT_verr_ignores_keys, KIND_VERR, KIND_VERR, ALL, ANY_MODE },
	{ FAULT_verw_ignores_keys, KIND_VERW, KIND_VERW, ALL, ANY_MODE },
	{ FAULT_lldt_ignores_keys, KIND_LLDT, KIND_LLDT_LOW, ALL, ANY_MODE },
	{ FAULT_ltr_ignores_keys, KIND_LTR, KIND_LTR_LOW, ALL, ANY_MODE },
	{ FAULT_busy_bit_ignores_keys, KIND_LTR, KIND_LTR, CAN_WRITE, ANY_MODE },
	{ FAULT_call_gate_ignores_keys, KIND_GATE, KIND_GATE_LOW, ALL, ANY_MODE },
	{ FAULT_call_gate_segment_ignores_keys, KIND_GATE_CS, KIND_GATE_CS_MARK, ALL, ANY_MODE },
	{ FAULT_ldt_ignores_keys, KIND_LDT, KIND_LDT_GATE_HIGH, ALL, ANY_MODE },
	{ FAULT_ldt_gates_ignore_keys, KIND_LDT_GATE_HIGH, KIND_LDT_GATE_HIGH, ALL, ANY_MODE },
	{ FAULT_call_gate_stack_ignores_keys, KIND_TSS_GATE, KIND_TSS_GATE, ALL, ANY_MODE },
	{ FAULT_rsp1_ignores_keys, KIND_TSS_RSP1, KIND_TSS_RSP1, ALL, ANY_MODE },
	{ FAULT_rsp2_ignores_keys, KIND_TSS_RSP2, KIND_TSS_RSP2, ALL, ANY_MODE },
	{ FAULT_ist_ignores_keys, KIND_TSS_IST1, KIND_TSS_IST7, ALL, ANY_MODE },
	{ FAULT_ist7_ignores_keys, KIND_TSS_IST7, KIND_TSS_IST7, ALL, ANY_MODE },
	{ FAULT_io_bitmap_ignores_keys, KIND_IO_IN, KIND_IO_HIGH, ALL, ANY_MODE },
	{ FAULT_out_ignores_keys, KIND_IO_OUT, KIND_IO_OUT, ALL, ANY_MODE },
	{ FAULT_exception_gate_ignores_keys_in_compat, KIND_IDT_BP, KIND_IDT_GP, ALL, IN(COMPAT) },
	{ FAULT_segment_load_ignores_keys_in_compat, KIND_GDT_FS, KIND_GDT_SS_MARK, ALL,
	  IN(COMPAT) },
	{ FAULT_lar_ignores_keys_in_user_mode, KIND_LAR, KIND_VERW, ALL, IN(USER) | IN(COMPAT) },
};

bool soft_own_forgets(const struct access *a)
{
	u32 kind = soft_cpu.kind;

	if (likely(soft_fault == FAULT_NONE))
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(forgets); i++)
		if (forgets[i].fault == soft_fault)
			return kind >= forgets[i].first && kind <= forgets[i].last &&
			       a->does & forgets[i].does && forgets[i].modes >> soft_cpu.mode & 1;
	return false;
}

/* True for exceptions that the SDM calls contributory: #DE, #NP, #SS and #GP. */
static bool is_contributory(u32 kind)
{
	return kind == KIND_IDT_DE || kind == KIND_IDT_GP ||
	       (kind >= KIND_FRAME_DE && kind <= KIND_FRAME_SS);
}

bool soft_own_is_double(void)
{
	u32 kind = soft_cpu.kind;

	if (BROKEN(double_fault_in_contributory) && is_contributory(kind))
		return true;
	return BROKEN(double_fault_in_any_delivery) && matrix_kinds[kind].flags & KF_DELIVERS;
}

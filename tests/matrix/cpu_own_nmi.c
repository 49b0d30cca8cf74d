// SPDX-License-Identifier: MIT
/*
 * An NMI comes when it likes; here it must come within an access. A first one is taken and not
 * returned from, so that the CPU holds back a second one until the next IRET: the one to the
 * access.
 */
#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/x86.h"
#include "tests/matrix/cpu.h"

void matrix_nmi_hold(void), matrix_nmi_release(void);

volatile bool matrix_nmi_held; /* set by matrix_nmi_hold() */

static void nmi_gate(const char *to, u8 ist)
{
	struct gate *g = &home->idt[X86_NMI];

	g->offset_low = (u16)(u64)to;
	g->offset_middle = (u16)((u64)to >> 16);
	g->offset_high = (u32)((u64)to >> 32);
	g->ist = ist;
}

void cpu_own_hold_nmi(void)
{
	nmi_gate((const char *)matrix_nmi_hold, 3);
	matrix_nmi_held = false;
	apic_self_nmi();
	while (!matrix_nmi_held)
		cpu_relax();
	nmi_gate(matrix_stubs + 16 * X86_NMI, 1);
	apic_self_nmi();
}

void cpu_own_release_nmi(void)
{
	nmi_gate(matrix_nmi, 3);
	matrix_nmi_release();
}

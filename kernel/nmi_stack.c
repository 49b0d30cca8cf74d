// SPDX-License-Identifier: MIT
#include "kernel/nmi_stack.h"

/* Returns the number of the IST stack that `rsp` lies on, or IST_STACKS. */
static u64 ist_stack(u64 rsp)
{
	return MIN((rsp - this_cpu()->ist_base - 1) / STACK_SLOT, IST_STACKS);
}

bool nmi_stack_alone(u64 rsp)
{
	u64 stack = ist_stack(rsp);

	return stack && stack == this_cpu()->nmi_alone;
}

bool nmi_stack_swap(u64 rsp)
{
	struct cpu *cpu = this_cpu();
	u64 other = ist_stack(rsp) == IST_NMI ? IST_NMI_SECOND : IST_NMI;

	if (!nmi_stack_alone(rsp))
		return false;
	cpu->tss.ist[IST_NMI] = cpu->ist_base + (other + 1) * STACK_SLOT;
	return true;
}

u32 nmi_stack_enter(u64 frame, u64 interrupted)
{
	struct cpu *cpu = this_cpu();
	u32 before = cpu->nmi_alone;

	cpu->nmi_alone = ist_stack(interrupted) == IST_STACKS ? (u32)ist_stack(frame) : 0;
	return before;
}

void nmi_stack_leave(u32 before)
{
	this_cpu()->nmi_alone = before;
}

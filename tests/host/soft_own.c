// SPDX-License-Identifier: MIT
/* What the processor accesses by itself. */
#include "tests/host/soft_access.h"

/* SS, RSP, RFLAGS, CS, RIP; and an error code, if there is one. */
static bool push_frame(u64 stack, u32 words)
{
	static const u64 frame[] = { 0x1b, 0x7ffff000, 0x10202, 0x23, 0x10040, 0x15 };

	for (u32 i = 0; i < words; i++) {
		stack -= 8;
		if (!soft_store(stack, 8, BY_PROCESSOR, &frame[i]))
			return false;
	}
	return true;
}

static bool load_descriptor(u64 gdt)
{
	u64 at = gdt + 32 * 8, descriptor;
	struct operand o;
	u32 high;

	if (!soft_load(at, 8, BY_PROCESSOR, &descriptor))
		return false;
	if (descriptor >> 40 & 1)
		return true;
	if (!soft_change(at + 4, 4, BY_PROCESSOR, &o, &high))
		return false;
	high |= 1u << 8; /* accessed */
	soft_put(&o, &high);
	return true;
}

static bool read_gate(u64 idt, u32 vector)
{
	u64 gate[2];

	return soft_load(idt + vector * sizeof(gate), sizeof(gate), BY_PROCESSOR, gate);
}

static bool read_rsp0(u64 tss)
{
	u64 rsp0;

	return soft_load(tss + 4, sizeof(rsp0), BY_PROCESSOR, &rsp0);
}

bool soft_own(u64 address)
{
	switch (soft_cpu.kind) {
	case KIND_FRAME:
	case KIND_FRAME_IST:
		return push_frame(address, 5);
	case KIND_FRAME_DF:
		return push_frame(address, 6);
	case KIND_GDT:
	case KIND_GDT_MARK:
		return load_descriptor(address);
	case KIND_IDT:
		return read_gate(address, 64);
	case KIND_IDT_DF:
		return read_gate(address, 14);
	default:
		return read_rsp0(address);
	}
}

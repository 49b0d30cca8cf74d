// SPDX-License-Identifier: MIT
/*
 * What the processor accesses by itself. Of an event that needs several structures only the one
 * under test is accessed here: the others are in the home, and always accessible.
 */
#include "tests/host/soft_access.h"
#include "tests/matrix/own.h"

/* A word that a processor pushes, whatever it means. */
static bool push(u64 va)
{
	static const u64 word = 0x7ffff000;

	if (BROKEN(frame_needs_only_a_read)) { /* the write itself is not checked */
		u64 old;

		return soft_load(va, 8, BY_PROCESSOR, &old);
	}
	return soft_store(va, 8, BY_PROCESSOR, &word);
}

/* Planted errors: of a frame that crosses a page's edge, words that are not pushed or not checked.
 */
static bool is_skipped(u64 va, u64 top, u64 low)
{
	bool crosses = (top - 8) >> 12 != low >> 12, upper = va >> 12 == (top - 8) >> 12;

	return crosses && (upper ? BROKEN(frame_checks_lower_page_only)
				 : BROKEN(frame_checks_upper_page_only));
}

/* SS, RSP, RFLAGS, CS, RIP, and the error code if there is one; a call gate pushes no RFLAGS. */
static bool push_frame(u64 top, u32 words)
{
	u64 low = top - 8ull * words;

	if (BROKEN(error_code_is_not_pushed) && words == 6)
		words--;
	for (u32 i = 1; i <= words; i++) {
		u64 va = top - 8ull * i;

		if (!is_skipped(va, top, low) && !push(va))
			return false;
	}
	return true;
}

/* Sets bits of a descriptor's dword 1, if they are not set. */
static bool mark(u64 at, u32 old, u32 bits)
{
	struct operand o;
	u32 high;

	if ((old & bits) == bits && !BROKEN(segments_are_always_marked))
		return true;
	if (!soft_change(at + 4, 4, BY_PROCESSOR, &o, &high))
		return false;
	if (BROKEN(mark_is_forgotten))
		return true;
	high |= BROKEN(mark_is_in_another_bit) ? bits << 1 : bits;
	soft_put(&o, &high);
	return true;
}

/* Reads 8 bytes of a table; an error reads only those dwords that are in its mask. */
static bool read_dwords(u64 at, u32 low, u32 high, u64 *value)
{
	u32 dword[2] = { 0, 0 };

	if ((low && !soft_load(at, 4, BY_PROCESSOR, &dword[0])) ||
	    (high && !soft_load(at + 4, 4, BY_PROCESSOR, &dword[1])))
		return false;
	*value = dword[0] | (u64)dword[1] << 32;
	return true;
}

static bool load_segment(u64 at)
{
	u64 descriptor;
	bool checked = !BROKEN(descriptor_checks_one_page) || at >> 12 == (at + 7) >> 12;

	if (!read_dwords(at, checked, true, &descriptor))
		return false;
	return mark(at, (u32)(descriptor >> 32), 1u << 8);
}

/* LAR, LSL, VERR, VERW. */
static bool look_at_segment(u64 at)
{
	u64 descriptor;

	if (BROKEN(verw_needs_a_write) && soft_cpu.kind == KIND_VERW) {
		struct operand o;

		return soft_operand(at, 8, CAN_READ | CAN_WRITE, BY_PROCESSOR, &o);
	}
	if (BROKEN(lar_swallows_its_fault) && soft_cpu.kind == KIND_LAR) {
		soft_load(at, 8, BY_PROCESSOR, &descriptor);
		return true;
	}
	return soft_load(at, 8, BY_PROCESSOR, &descriptor);
}

/* Gates and system descriptors have 16 bytes. */
static bool read_long(u64 at, bool skip_upper, bool skip_lower)
{
	u64 half;

	return (skip_lower || soft_load(at, 8, BY_PROCESSOR, &half)) &&
	       (skip_upper || soft_load(at + 8, 8, BY_PROCESSOR, &half));
}

static bool load_task(u64 at)
{
	u64 low, high;

	if (!soft_load(at, 8, BY_PROCESSOR, &low) || !soft_load(at + 8, 8, BY_PROCESSOR, &high))
		return false;
	if (BROKEN(busy_bit_is_forgotten))
		return true;
	return mark(at, (u32)(low >> 32), 1u << 9);
}

static bool in_gdt(u64 at)
{
	switch (soft_cpu.kind) {
	case KIND_LAR:
	case KIND_LSL:
	case KIND_VERR:
	case KIND_VERW:
		return look_at_segment(at);
	case KIND_LLDT:
	case KIND_LLDT_LOW:
		return read_long(at, BROKEN(lldt_reads_half), false);
	case KIND_LTR:
	case KIND_LTR_LOW:
		return load_task(at);
	case KIND_GATE:
	case KIND_GATE_LOW:
	case KIND_LDT_GATE_HIGH:
		return read_long(at, BROKEN(call_gate_reads_half),
				 BROKEN(call_gate_reads_upper_half));
	default:
		return load_segment(at);
	}
}

/* "I/O Permission Bit Map": two bytes are read, if CPL > IOPL. */
static bool ask_bitmap(u64 at)
{
	u8 bits[2];

	if (soft_cpu.kind == KIND_IO_KERNEL && !BROKEN(io_of_the_kernel_asks_too))
		return true;
	if (soft_cpu.kind == KIND_IO_IOPL && !BROKEN(io_ignores_iopl))
		return true;
	return soft_load(at, BROKEN(io_reads_one_byte) ? 1 : 2,
			 BROKEN(io_bitmap_is_read_by_the_user) ? BY_INSTRUCTION : BY_PROCESSOR,
			 bits);
}

static bool in_tss(u64 at)
{
	u64 stack;

	if (matrix_kinds[soft_cpu.kind].bytes == 2)
		return ask_bitmap(at);
	return soft_load(at, BROKEN(tss_reads_four_bytes) ? 4 : 8, BY_PROCESSOR, &stack);
}

/* SYSCALL and SYSRET load all they need from registers and MSRs. */
static bool without_memory(u64 stack)
{
	if (soft_cpu.kind == KIND_SYSCALL && BROKEN(syscall_pushes))
		return push_frame(stack, 2);
	if (soft_cpu.kind == KIND_SYSRET && BROKEN(sysret_pops))
		return look_at_segment(stack - 40);
	return true;
}

bool soft_own(u64 address)
{
	const struct own_place *place = &own_places[soft_cpu.kind];
	u32 bytes = matrix_kinds[soft_cpu.kind].bytes;

	switch (place->table) {
	case OWN_STACK:
		return push_frame(address + bytes, bytes / 8);
	case OWN_GDT:
	case OWN_LDT:
		return in_gdt(address + place->offset);
	case OWN_IDT:
		return read_long(address + place->offset, BROKEN(idt_reads_half),
				 BROKEN(idt_reads_upper_half));
	case OWN_TSS:
		return in_tss(address + place->offset);
	}
	if (matrix_kinds[soft_cpu.kind].access == ACCESS_NONE)
		return without_memory(address);
	return push_frame(address, bytes / 8);
}

// SPDX-License-Identifier: MIT
/*
 * The accesses: each kind in terms of loads, stores and read-modify-writes of linear memory. All
 * of them return false after a page fault, which is then in soft_cpu.
 */
#include "tests/host/soft.h"
#include "tests/matrix/tables.h"

#include <string.h>

enum who { BY_INSTRUCTION, BY_PROCESSOR };

/* An operand's bytes: in one page, or the first `split` of them in one and the rest in the next. */
struct operand {
	struct translation *page[2];
	u8 *memory[2];
	u32 split, bytes, does;
};

/* A byte's memory, whatever the rights: only for planted errors. */
static u8 *backdoor(u64 va)
{
	struct translation t;

	return soft_walk(va, &t) == WALK_OK ? soft_memory(t.phys + (va - t.va), 1) : NULL;
}

static bool reach_page(struct operand *o, u32 which, u64 va, enum who who, bool unchecked)
{
	struct access a = { va, o->does, who == BY_PROCESSOR };
	struct translation *t;

	if (unchecked) {
		o->memory[which] = backdoor(va);
		return true;
	}
	t = soft_reach(&a);
	if (!t)
		return false;
	o->page[which] = t;
	o->memory[which] = soft_memory(t->phys + (va - t->va), 1);
	return true;
}

/* Checks both pages before anything is read or written. */
static bool reach(u64 va, u32 bytes, u32 does, enum who who, struct operand *o)
{
	u32 left = (u32)(4096 - va % 4096);
	bool both = left < bytes;

	*o = (struct operand){ .split = both ? left : bytes, .bytes = bytes, .does = does };
	if (both && BROKEN(span_reports_upper_first) && !reach_page(o, 1, va + left, who, false))
		return false;
	if (!reach_page(o, 0, va, who, both && BROKEN(span_checks_upper_page_only)))
		return false;
	if (!both || reach_page(o, 1, va + left, who, BROKEN(span_checks_lower_page_only)))
		return true;
	if (BROKEN(cr2_of_the_lower_half))
		soft_cpu.cr2 = va;
	return false;
}

static void get(const struct operand *o, void *data)
{
	memcpy(data, o->memory[0], o->split);
	if (o->split < o->bytes)
		memcpy((u8 *)data + o->split, o->memory[1], o->bytes - o->split);
}

static void put(const struct operand *o, const void *data)
{
	if (BROKEN(permitted_write_is_lost))
		return;
	memcpy(o->memory[0], data, o->split);
	if (o->split < o->bytes)
		memcpy(o->memory[1], (const u8 *)data + o->split, o->bytes - o->split);
}

static void mark(const struct operand *o)
{
	for (u32 i = 0; i < 2; i++)
		if (o->page[i])
			soft_mark(o->page[i], o->does);
}

static bool load(u64 va, u32 bytes, enum who who, void *data)
{
	struct operand o;

	if (!reach(va, bytes, CAN_READ, who, &o)) {
		if (BROKEN(denied_read_is_loaded) && bytes <= 8 && backdoor(va))
			memcpy(data, backdoor(va), MIN(bytes, 4096 - (u32)(va % 4096)));
		return false;
	}
	mark(&o);
	get(&o, data);
	return true;
}

/* Planted errors: a denied store that changes memory all the same. */
static void spill(u64 va, u32 bytes, const struct operand *o, const void *data)
{
	if (BROKEN(denied_write_is_stored) && o->split == bytes && backdoor(va))
		memcpy(backdoor(va), data, bytes);
	if (BROKEN(span_stores_lower_half) && o->split < bytes && o->memory[0])
		memcpy(o->memory[0], data, o->split);
}

static bool store(u64 va, u32 bytes, enum who who, const void *data)
{
	struct operand o;

	if (!reach(va, bytes, CAN_WRITE, who, &o)) {
		spill(va, bytes, &o, data);
		return false;
	}
	mark(&o);
	put(&o, data);
	return true;
}

static bool reach_for_change(u64 va, enum who who, struct operand *o, u32 *old)
{
	if (!reach(va, 4, CAN_READ | CAN_WRITE, who, o))
		return false;
	mark(o);
	get(o, old);
	return true;
}

static bool add(u64 va)
{
	struct operand o;
	u32 value;

	if (!reach_for_change(va, BY_INSTRUCTION, &o, &value))
		return false;
	value += MATRIX_OPERAND;
	put(&o, &value);
	return true;
}

static bool exchange(u64 va, u32 *value)
{
	struct operand o;
	u32 new = MATRIX_OPERAND;

	if (!reach_for_change(va, BY_INSTRUCTION, &o, value))
		return false;
	put(&o, &new);
	if (BROKEN(exchange_keeps_its_register))
		*value = new;
	return true;
}

static bool compare_exchange(u64 va)
{
	struct operand o;
	u32 old, new = MATRIX_OPERAND;

	if (!reach_for_change(va, BY_INSTRUCTION, &o, &old))
		return false;
	put(&o, old == MATRIX_PATTERN ? &new : &old); /* it writes in any case */
	return true;
}

static bool push(u64 va, u32 mode)
{
	u64 value = MATRIX_OPERAND;
	u32 bytes = mode == MODE_COMPAT || BROKEN(push_stores_four_bytes) ? 4 : 8;

	return store(va, bytes, BY_INSTRUCTION, &value);
}

static bool pop(u64 va, u32 mode, u32 *value)
{
	u64 popped = 0;

	if (!load(va, mode == MODE_COMPAT ? 4 : 8, BY_INSTRUCTION, &popped)) {
		if (popped)
			*value = (u32)popped; /* only by an error */
		return false;
	}
	*value = (u32)popped;
	return true;
}

static bool fetch(u64 va)
{
	struct operand o;

	return reach(va, 1, CAN_FETCH, BY_INSTRUCTION, &o);
}

/* SS, RSP, RFLAGS, CS, RIP; and an error code, if there is one. */
static bool push_frame(u64 stack, u32 words)
{
	static const u64 frame[] = { 0x1b, 0x7ffff000, 0x10202, 0x23, 0x10040, 0x15 };

	for (u32 i = 0; i < words; i++) {
		stack -= 8;
		if (!store(stack, 8, BY_PROCESSOR, &frame[i]))
			return false;
	}
	return true;
}

static bool load_descriptor(u64 gdt)
{
	u64 at = gdt + 32 * 8, descriptor;
	struct operand o;
	u32 high;

	if (!load(at, 8, BY_PROCESSOR, &descriptor))
		return false;
	if (descriptor >> 40 & 1)
		return true;
	if (!reach_for_change(at + 4, BY_PROCESSOR, &o, &high))
		return false;
	high |= 1u << 8; /* accessed */
	put(&o, &high);
	return true;
}

static bool read_gate(u64 idt, u32 vector)
{
	u64 gate[2];

	return load(idt + vector * sizeof(gate), sizeof(gate), BY_PROCESSOR, gate);
}

static bool read_rsp0(u64 tss)
{
	u64 rsp0;

	return load(tss + 4, sizeof(rsp0), BY_PROCESSOR, &rsp0);
}

static bool by_instruction(u64 va, u32 *value)
{
	static const u32 operand = MATRIX_OPERAND;

	switch (soft_cpu.kind) {
	case KIND_READ:
	case KIND_LODS:
		return load(va, 4, BY_INSTRUCTION, value);
	case KIND_WRITE:
	case KIND_STOS:
	case KIND_REP_STOS:
		return store(va, 4, BY_INSTRUCTION, &operand);
	case KIND_ADD:
	case KIND_LOCK_ADD:
		return add(va);
	case KIND_XCHG:
		return exchange(va, value);
	case KIND_CMPXCHG:
		return compare_exchange(va);
	case KIND_PUSH:
		return push(va, soft_cpu.mode);
	case KIND_POP:
		return pop(va, soft_cpu.mode, value);
	default:
		return fetch(va);
	}
}

bool soft_execute(u64 address, u32 *value)
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
	case KIND_TSS:
		return read_rsp0(address);
	default:
		return by_instruction(address, value);
	}
}

bool soft_read_absent(void)
{
	u32 value;

	return load(VA_ABSENT, 4, BY_INSTRUCTION, &value);
}

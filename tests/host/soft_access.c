// SPDX-License-Identifier: MIT
/* Loads, stores and changes of linear memory. */
#include "tests/host/soft_access.h"

#include <string.h>

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
	o->memory[which] = soft_memory(t->phys + (va & (t->size - 1)), 1);
	return true;
}

/* Planted errors: what else looks at the lower page only. */
static bool span_unchecked(void)
{
	return soft_cpu.kind >= KIND_PUSH && soft_cpu.kind <= KIND_LEAVE &&
	       BROKEN(span_of_a_stack_checks_one_page);
}

bool soft_operand(u64 va, u32 bytes, u32 does, enum who who, struct operand *o)
{
	u32 left = (u32)(4096 - va % 4096);
	bool both = left < bytes, lower_only = BROKEN(span_checks_lower_page_only);

	*o = (struct operand){ .split = both ? left : bytes, .bytes = bytes, .does = does };
	if (both && who == BY_INSTRUCTION && span_unchecked())
		lower_only = true;
	if (both && BROKEN(span_reports_upper_first) && !reach_page(o, 1, va + left, who, false))
		return false;
	if (!reach_page(o, 0, va, who, both && BROKEN(span_checks_upper_page_only)))
		return false;
	if (!both || reach_page(o, 1, va + left, who, lower_only))
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

void soft_put(const struct operand *o, const void *data)
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

bool soft_load(u64 va, u32 bytes, enum who who, void *data)
{
	struct operand o;

	if (!soft_operand(va, bytes, CAN_READ, who, &o)) {
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

bool soft_store(u64 va, u32 bytes, enum who who, const void *data)
{
	struct operand o;

	if (!soft_operand(va, bytes, CAN_WRITE, who, &o)) {
		spill(va, bytes, &o, data);
		return false;
	}
	mark(&o);
	soft_put(&o, data);
	return true;
}

bool soft_change(u64 va, u32 bytes, enum who who, struct operand *o, void *old)
{
	if (!soft_operand(va, bytes, CAN_READ | CAN_WRITE, who, o))
		return false;
	mark(o);
	get(o, old);
	return true;
}

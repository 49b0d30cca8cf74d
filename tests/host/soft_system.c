// SPDX-License-Identifier: MIT
/* Instructions of the system with an operand in memory: accesses by the instruction, at its CPL. */
#include "tests/host/soft_access.h"
#include "tests/matrix/tables.h"

#include <string.h>

/* GDTR, IDTR, TR and CR0 as some kernel might have them. */
void soft_system_registers(void)
{
	static const u8 gdtr[] = { 0xff, 0x0f, 0xa0, 0, 0, 0x40, 0, 0xe0, 0xff, 0xff };

	memcpy(tables.gdtr, gdtr, sizeof(gdtr));
	memcpy(tables.idtr, gdtr, sizeof(gdtr));
	tables.idtr[3] = 0x10;
	tables.tr = 0x28;
	tables.msw = 0x33;
}

/* A limit and a base, which 32-bit code stores as 32 bits. */
static bool store_register(u64 va, const u8 *value)
{
	bool compat = soft_cpu.mode == MODE_COMPAT;
	u32 bytes = compat && !BROKEN(sgdt_is_always_long) ? 6 : 10;

	if (BROKEN(sgdt_is_always_short))
		bytes = 6;
	return soft_store(va, bytes,
			  BROKEN(sgdt_is_by_the_processor) ? BY_PROCESSOR : BY_INSTRUCTION, value);
}

static bool store_word(u64 va, u16 value)
{
	u64 wide = value;

	if (BROKEN(str_stores_four_bytes))
		return soft_store(va, 4, BY_INSTRUCTION, &wide);
	return soft_store(va, 2, BROKEN(str_is_by_the_processor) ? BY_PROCESSOR : BY_INSTRUCTION,
			  &value);
}

/* The base is read first, as some do. */
static bool load_register(u64 va)
{
	u8 value[10];

	if (BROKEN(lgdt_reads_its_limit_only))
		return soft_load(va, 2, BY_INSTRUCTION, value);
	return soft_load(va, 10, BROKEN(lgdt_is_by_the_processor) ? BY_PROCESSOR : BY_INSTRUCTION,
			 value);
}

static bool load_pointer(u64 va)
{
	u32 offset;
	u16 selector;

	if (BROKEN(far_pointer_without_selector))
		return soft_load(va, 4, BY_INSTRUCTION, &offset);
	return soft_load(va, 4, BY_INSTRUCTION, &offset) &&
	       soft_load(va + 4, 2, BY_INSTRUCTION, &selector);
}

bool soft_system(u64 va)
{
	u8 value[16];

	switch (soft_cpu.kind) {
	case KIND_SGDT:
		return store_register(va, tables.gdtr);
	case KIND_SIDT:
		return store_register(va, tables.idtr);
	case KIND_SLDT:
		return store_word(va, 0);
	case KIND_STR:
		return store_word(va, tables.tr);
	case KIND_SMSW:
		return store_word(va, tables.msw);
	case KIND_LGDT:
	case KIND_LIDT:
		return load_register(va);
	case KIND_LFS:
		return load_pointer(va);
	case KIND_INVPCID:
		return soft_load(va, BROKEN(invpcid_reads_half) ? 8 : 16, BY_INSTRUCTION, value);
	default: /* VERR and LAR: a selector */
		return soft_load(va, 2,
				 BROKEN(selector_is_read_by_the_processor) ? BY_PROCESSOR
									   : BY_INSTRUCTION,
				 value);
	}
}

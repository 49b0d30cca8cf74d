// SPDX-License-Identifier: MIT
#include "tests/stray/shot.h"
#include "kernel/lib/string.h"
#include "tests/harness/probe.h"

#define DEFINE_MOV(type, insn)                                                            \
	static struct fault mov_##type(void *to, type value)                              \
	{                                                                                 \
		struct fault f = { .vector = FAULT_NONE };                                \
		ACCESS(KIND_DIE, insn " %[v], (%[p])", f, [v] "+q"(value) : [p] "r"(to)); \
		return f;                                                                 \
	}
DEFINE_MOV(u8, "movb")
DEFINE_MOV(u16, "movw")
DEFINE_MOV(u32, "movl")
DEFINE_MOV(u64, "movq")

/* The fixup finds the fault in registers that the instruction has used; RDI is as it was. */
static struct fault rep_movs(void *to, const u8 *bytes, u32 n, const void **reached)
{
	struct fault f = { .addr = n, .pkrs = (u64)bytes };

	asm volatile("1: rep movsb\n\t"
		     "mov $-1, %%rax\n2:\n" EXTABLE("1b", "2b", KIND_DIE)
		     : FAULT_OPERANDS(f), "+D"(to)
		     :
		     : "memory", "cc");
	*reached = to;
	return f;
}

struct fault shot(void *to, const u8 *bytes, u32 n, bool copy, const void **reached)
{
	struct fault f;
	u64 value;

	memcpy(&value, bytes, sizeof(value));
	switch (copy ? 0 : n) {
	case 1:
		f = mov_u8(to, (u8)value);
		break;
	case 2:
		f = mov_u16(to, (u16)value);
		break;
	case 4:
		f = mov_u32(to, (u32)value);
		break;
	case 8:
		f = mov_u64(to, value);
		break;
	default:
		return rep_movs(to, bytes, n, reached);
	}
	*reached = (char *)to + (f.vector == FAULT_NONE ? n : 0);
	return f;
}

void shot_to_death(void *to, const u8 *bytes, u32 n)
{
	memcpy(to, bytes, n);
}

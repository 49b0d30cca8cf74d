// SPDX-License-Identifier: MIT
/* Instructions whose operand is where the stack pointer points. */
#include "tests/host/soft_access.h"

static bool push(u64 va, u32 mode)
{
	u64 value = MATRIX_OPERAND;
	u32 bytes = mode == MODE_COMPAT || BROKEN(push_stores_four_bytes) ? 4 : 8;

	return soft_store(va, bytes, BY_INSTRUCTION, &value);
}

static bool pop(u64 va, u32 mode, u32 *value)
{
	u64 popped = 0;

	if (!soft_load(va, mode == MODE_COMPAT ? 4 : 8, BY_INSTRUCTION, &popped)) {
		if (popped)
			*value = (u32)popped; /* only by an error */
		return false;
	}
	*value = (u32)popped;
	return true;
}

bool soft_stack(u64 va, u32 *value)
{
	return soft_cpu.kind == KIND_PUSH ? push(va, soft_cpu.mode) : pop(va, soft_cpu.mode, value);
}

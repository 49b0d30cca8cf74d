// SPDX-License-Identifier: MIT
#include "tests/matrix/operand.h"
#include "kernel/lib/string.h"
#include "tests/matrix/memory.h"
#include "tests/matrix/stack.h"

static void put(u8 *memory, u64 value, u32 bytes)
{
	memcpy(memory, &value, bytes);
}

void operand_write(const struct mcase *c, u8 *memory)
{
	u32 kind = c->v[AXIS_KIND];

	if (!kind_writes(kind) || operand_system(c, memory))
		return;
	if (kind_is_stack(kind)) {
		stack_write(c, memory);
		return;
	}
	switch (kind) {
	case KIND_ADD:
	case KIND_LOCK_ADD:
		put(memory, MATRIX_PATTERN + MATRIX_OPERAND, 4);
		break;
	default: /* the register is stored */
		put(memory, MATRIX_OPERAND, case_bytes(c));
	}
}

/* Called only for kinds with KF_VALUE. */
u32 value_read(const struct mcase *c)
{
	if (kind_is_stack(c->v[AXIS_KIND]))
		return stack_value(c);
	return MATRIX_PATTERN;
}

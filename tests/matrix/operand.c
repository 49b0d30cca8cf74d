// SPDX-License-Identifier: MIT
#include "tests/matrix/operand.h"
#include "kernel/lib/string.h"
#include "tests/matrix/memory.h"
#include "tests/matrix/plain.h"
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
	if (kind_is_plain(kind) && kind > KIND_FETCH) {
		plain_write(c, memory, plain_elements(kind));
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
	u32 kind = c->v[AXIS_KIND];

	if (kind_is_stack(kind))
		return stack_value(c);
	if (kind_is_plain(kind))
		return plain_value(c, true, plain_elements(kind));
	return MATRIX_PATTERN;
}

u32 value_unread(const struct mcase *c)
{
	if (kind_is_plain(c->v[AXIS_KIND]))
		return plain_value(c, false, 0);
	return MATRIX_OPERAND;
}

// SPDX-License-Identifier: MIT
#include "tests/matrix/operand.h"
#include "kernel/lib/string.h"
#include "tests/matrix/memory.h"

static void put(u8 *memory, u64 value, u32 bytes)
{
	memcpy(memory, &value, bytes);
}

void operand_write(const struct mcase *c, u8 *memory)
{
	u32 kind = c->v[AXIS_KIND];

	if (!kind_writes(kind) || operand_system(c, memory))
		return;
	switch (kind) {
	case KIND_ADD:
	case KIND_LOCK_ADD:
		put(memory, MATRIX_PATTERN + MATRIX_OPERAND, 4);
		break;
	default: /* the register is stored; PUSH stores its upper half, 0, too */
		put(memory, MATRIX_OPERAND, case_bytes(c));
	}
}

/* Called only for kinds with KF_VALUE. */
u32 value_read(const struct mcase *c)
{
	(void)c;
	return MATRIX_PATTERN;
}

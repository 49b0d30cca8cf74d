// SPDX-License-Identifier: MIT
/* The operands of KINDS_SYSTEM. */
#include "kernel/lib/string.h"
#include "tests/matrix/operand.h"
#include "tests/matrix/tables.h"

void operand_image(const struct mcase *c, u8 *memory)
{
	u32 bytes = case_bytes(c);

	switch (c->v[AXIS_KIND]) {
	case KIND_LGDT:
		memcpy(memory, tables.gdtr, bytes);
		break;
	case KIND_LIDT:
		memcpy(memory, tables.idtr, bytes);
		break;
	case KIND_LFS: /* an offset, and the null selector */
		memset(memory + bytes - 2, 0, 2);
		break;
	default: /* INVPCID: PCID 0, address 0 */
		memset(memory, 0, bytes);
	}
}

bool operand_system(const struct mcase *c, u8 *memory)
{
	switch (c->v[AXIS_KIND]) {
	case KIND_SGDT:
		memcpy(memory, tables.gdtr, case_bytes(c));
		return true;
	case KIND_SIDT:
		memcpy(memory, tables.idtr, case_bytes(c));
		return true;
	case KIND_SLDT:
		memset(memory, 0, 2);
		return true;
	case KIND_STR:
		memcpy(memory, &tables.tr, 2);
		return true;
	case KIND_SMSW:
		memcpy(memory, &tables.msw, 2);
		return true;
	}
	return false;
}

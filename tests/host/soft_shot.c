// SPDX-License-Identifier: MIT
/* One access of a kind. */
#include "tests/host/soft_access.h"
#include "tests/matrix/stack.h"
#include "tests/matrix/tables.h"

bool soft_execute(u64 address, u32 *value)
{
	if (soft_cpu.kind >= KIND_SGDT)
		return soft_system(address);
	if (kind_is_implicit(soft_cpu.kind))
		return soft_own(address);
	if (kind_is_stack(soft_cpu.kind))
		return soft_stack(address, value);
	return soft_plain(address, value);
}

bool soft_read_absent(void)
{
	u32 value;

	return soft_load(VA_ABSENT, 4, BY_INSTRUCTION, &value);
}

// SPDX-License-Identifier: MIT
/* Instructions with an operand, and the fetch of one. */
#include "tests/host/soft_access.h"

static bool add(u64 va)
{
	struct operand o;
	u32 value;

	if (!soft_change(va, 4, BY_INSTRUCTION, &o, &value))
		return false;
	value += MATRIX_OPERAND;
	soft_put(&o, &value);
	return true;
}

static bool exchange(u64 va, u32 *value)
{
	struct operand o;
	u32 new = MATRIX_OPERAND;

	if (!soft_change(va, 4, BY_INSTRUCTION, &o, value))
		return false;
	soft_put(&o, &new);
	if (BROKEN(exchange_keeps_its_register))
		*value = new;
	return true;
}

static bool compare_exchange(u64 va)
{
	struct operand o;
	u32 old, new = MATRIX_OPERAND;

	if (!soft_change(va, 4, BY_INSTRUCTION, &o, &old))
		return false;
	soft_put(&o, old == MATRIX_PATTERN ? &new : &old); /* it writes in any case */
	return true;
}

static bool fetch(u64 va)
{
	struct operand o;

	if (!soft_operand(va, 1, CAN_FETCH, BY_INSTRUCTION, &o))
		return false;
	soft_check_code(o.memory[0]);
	return true;
}

bool soft_plain(u64 va, u32 *value)
{
	static const u32 operand = MATRIX_OPERAND;

	switch (soft_cpu.kind) {
	case KIND_READ:
	case KIND_LODS:
		return soft_load(va, 4, BY_INSTRUCTION, value);
	case KIND_WRITE:
	case KIND_STOS:
	case KIND_REP_STOS:
		return soft_store(va, 4, BY_INSTRUCTION, &operand);
	case KIND_ADD:
	case KIND_LOCK_ADD:
		return add(va);
	case KIND_XCHG:
		return exchange(va, value);
	case KIND_CMPXCHG:
		return compare_exchange(va);
	default:
		return fetch(va);
	}
}

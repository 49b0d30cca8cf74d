// SPDX-License-Identifier: MIT
/* Strings, element by element; the other operand lies in a page that is not under test. */
#include "tests/host/soft_plain.h"
#include "tests/matrix/plain.h"
#include "tests/matrix/tables.h"

#include <string.h>

/* How a kind's repetition goes; registers move by `step` per element. */
struct string {
	u32 size, count, step;
	bool down, loads, by_rsi, by_rdi;
};

static struct string string_of(u32 kind)
{
	u32 flags = matrix_kinds[kind].flags;
	bool port = kind == KIND_INS || kind == KIND_OUTS || kind == KIND_REP_INS ||
		    kind == KIND_REP_OUTS;
	bool none = matrix_kinds[kind].access == ACCESS_NONE;
	struct string s = { .size = port ? 1 : 4 };

	s.count = none ? 0 : flags & KF_REP ? matrix_kinds[kind].bytes / s.size : 1;
	s.down = flags & KF_DOWN;
	s.step = s.down ? 0 - s.size : s.size;
	s.loads = kind == KIND_REP_LODS;
	s.by_rsi = flags & (KF_AT_RSI | KF_FROM_RSI);
	s.by_rdi = !s.loads && kind != KIND_OUTS && kind != KIND_REP_OUTS;
	return s;
}

static u8 *scratch(u32 offset)
{
	return tables.scratch + AT_SCRATCH + offset;
}

/* MOVS with its source tested; planted errors store although the source is denied. */
static bool move_from(u64 va, u32 offset, u32 size)
{
	u32 element = 0;

	if (!soft_load(va, size, BY_INSTRUCTION, &element)) {
		if (BROKEN(movs_stores_what_it_was_denied))
			memcpy(scratch(offset), &element, size);
		return false;
	}
	memcpy(scratch(offset), &element, size);
	return true;
}

/* One element, at `va` and at the same place of the scratch operand. */
static bool element(u32 kind, u64 va, u32 offset, u32 size, u32 *loaded)
{
	u32 data = MATRIX_OPERAND;

	switch (kind) {
	case KIND_MOVS_FROM:
	case KIND_REP_MOVS_FROM:
		return move_from(va, offset, size);
	case KIND_MOVS_TO:
	case KIND_REP_MOVS_TO:
	case KIND_REP_MOVS_DOWN:
		return soft_store(va, size, BY_INSTRUCTION, scratch(offset));
	case KIND_INS:
	case KIND_REP_INS:
		data = ~0u; /* no device answers */
		return soft_store(va, size, BY_INSTRUCTION, &data);
	case KIND_REP_STOS_16:
	case KIND_REP_STOS_DOWN:
		return soft_store(va, size, BY_INSTRUCTION, &data);
	default:
		return soft_load(va, size, BY_INSTRUCTION, loaded);
	}
}

/* Planted errors: pages that are checked before the first element, or not at all. */
static bool check_first(u32 kind, u64 va, const struct string *s)
{
	u32 does = matrix_kinds[kind].access == ACCESS_WRITE ? CAN_WRITE : CAN_READ;
	struct operand o;

	if (BROKEN(rep_checks_the_whole_range) && s->count > 1)
		return soft_operand(va, s->size * s->count, does, BY_INSTRUCTION, &o);
	if (BROKEN(rep_down_checks_upwards) && s->down)
		return soft_operand(va, s->size, does, BY_INSTRUCTION, &o);
	return true;
}

/* What the registers hold after `done` elements. */
static u32 registers(const struct string *s, u32 rbx, u32 done)
{
	bool repeats = matrix_kinds[soft_cpu.kind].flags & KF_REP;
	u32 moved = BROKEN(rep_fault_keeps_pointers) && done < s->count ? 0 : done * s->step;
	u32 left = BROKEN(rep_fault_keeps_rcx) && done < s->count ? s->count : s->count - done;

	if (BROKEN(rep_fault_counts_the_denied_one) && done < s->count && repeats)
		left--;
	return plain_registers(rbx, repeats ? left : 0, s->by_rsi ? moved : 0,
			       s->by_rdi ? moved : 0);
}

bool soft_string(u64 va, u32 *value)
{
	struct string s = string_of(soft_cpu.kind);
	u32 rbx = MATRIX_OPERAND, loaded = 0;

	if (!check_first(soft_cpu.kind, va, &s)) {
		*value = registers(&s, rbx, 0);
		return false;
	}
	for (u32 i = 0; i < s.count; i++) {
		u32 offset = (s.down ? s.count - 1 - i : i) * s.size;

		if (!element(soft_cpu.kind, va + offset, offset, s.size, &loaded)) {
			*value = registers(&s, rbx, i);
			return false;
		}
	}
	*value = registers(&s, s.loads ? loaded : rbx, s.count);
	return true;
}

bool soft_direct_store(u64 va)
{
	u8 line[64];

	if (soft_cpu.kind == KIND_MOVDIR64B_TO)
		return soft_store(va, sizeof(line), BY_INSTRUCTION, scratch(0));
	if (!soft_load(va, sizeof(line), BY_INSTRUCTION, line))
		return false;
	memcpy(scratch(0), line, sizeof(line));
	return true;
}

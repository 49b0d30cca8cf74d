// SPDX-License-Identifier: MIT
/* Instructions with an operand, and the fetch of one. */
#include "tests/host/soft_plain.h"

#include <string.h>

/* ADC finds CF set; SHL and the others ignore the register. */
static u64 result(u64 old, u64 operand)
{
	switch (soft_cpu.kind) {
	case KIND_INC:
		return old + 1;
	case KIND_NOT:
	case KIND_LOCK_NOT:
		return ~old;
	case KIND_NEG:
	case KIND_LOCK_NEG:
		return 0 - old;
	case KIND_ADC:
	case KIND_LOCK_ADC:
		return old + operand + 1;
	case KIND_SHL:
		return old << 1;
	default:
		return old + operand;
	}
}

static bool modify(u64 va, u32 bytes)
{
	struct operand o;
	u64 value = 0;

	if (BROKEN(neg_reads_first) && soft_cpu.kind == KIND_NEG &&
	    !soft_load(va, bytes, BY_INSTRUCTION, &value))
		return false;
	if (!soft_change(va, bytes, BY_INSTRUCTION, &o, &value))
		return false;
	value = result(value, MATRIX_OPERAND);
	soft_put(&o, &value);
	return true;
}

/* XADD: the sum goes to memory, what was there to the register. */
static bool exchange_add(u64 va, u32 *value)
{
	struct operand o;
	u32 old, sum;

	if (BROKEN(xadd_reads_first) && !soft_load(va, 4, BY_INSTRUCTION, &old))
		return false;
	if (!soft_change(va, 4, BY_INSTRUCTION, &o, &old))
		return false;
	sum = old + *value;
	soft_put(&o, &sum);
	*value = old;
	return true;
}

static bool exchange(u64 va, u32 bytes, u64 *rbx)
{
	struct operand o;
	u64 new = *rbx, old = 0;

	if (!soft_change(va, bytes, BY_INSTRUCTION, &o, &old))
		return false;
	soft_put(&o, &new);
	if (!BROKEN(exchange_keeps_its_register))
		memcpy(rbx, &old, bytes);
	return true;
}

/* Planted errors: a comparison that fails is only a read. */
static bool failure_is_a_read(u32 kind)
{
	switch (kind) {
	case KIND_CMPXCHG_FAIL:
		return BROKEN(failed_cmpxchg_is_a_read);
	case KIND_CMPXCHG_BARE_FAIL:
		return BROKEN(failed_bare_cmpxchg_is_a_read);
	case KIND_CMPXCHG8B_FAIL:
		return BROKEN(failed_cmpxchg8b_is_a_read);
	case KIND_CMPXCHG16B_FAIL:
		return BROKEN(failed_cmpxchg16b_is_a_read);
	}
	return false;
}

/* It writes in any case: the new value, or the old one back. EAX, or EDX, gets the old one. */
static bool compare_exchange(u64 va, u32 bytes, bool equal, u32 *value)
{
	static const u32 new[] = { MATRIX_OPERAND, MATRIX_OPERAND, MATRIX_OPERAND, 0 };
	u32 wide[4] = { MATRIX_OPERAND, 0, MATRIX_OPERAND, 0 }, old[4] = { 0 };
	struct operand o;

	if (failure_is_a_read(soft_cpu.kind)) {
		if (!soft_load(va, bytes, BY_INSTRUCTION, old))
			return false;
	} else {
		if (!soft_change(va, bytes, BY_INSTRUCTION, &o, old))
			return false;
		soft_put(&o, equal ? bytes == 16 ? wide : (const u32 *)new : old);
	}
	if (!equal)
		*value = old[bytes == 4 ? 0 : bytes / 8];
	return true;
}

/* BT and its kin: a register's bit offset may reach any page, and only that one is accessed. */
static bool bit_string(u64 va, u32 *value)
{
	bool reads = soft_cpu.kind == KIND_BT_FAR;
	u64 base = soft_cpu.kind == KIND_BTC_BEFORE ? va + 4096 : va - 4096;
	struct operand o;
	u32 word;

	if ((reads && BROKEN(bt_asks_the_base)) ||
	    (soft_cpu.kind == KIND_BTS_FAR && BROKEN(bts_asks_the_base)) ||
	    (soft_cpu.kind == KIND_LOCK_BTS_FAR && BROKEN(locked_bts_asks_the_base)) ||
	    (soft_cpu.kind == KIND_BTC_BEFORE && BROKEN(btc_asks_the_base)))
		if (!soft_operand(base, 4, reads ? CAN_READ : CAN_READ | CAN_WRITE, BY_INSTRUCTION,
				  &o))
			return false;
	if (reads) {
		if (!soft_load(va, 4, BY_INSTRUCTION, &word))
			return false;
		*value = (*value & ~0xffu) | (word >> 2 & 1);
		return true;
	}
	if (!soft_change(va, 4, BY_INSTRUCTION, &o, &word))
		return false;
	word = soft_cpu.kind == KIND_BTC_BEFORE ? word ^ 1 : word | 1;
	soft_put(&o, &word);
	return true;
}

static bool load(u64 va, u32 bytes, u32 *value)
{
	u64 rbx = MATRIX_OPERAND;
	bool loaded = soft_load(va, bytes, BY_INSTRUCTION, &rbx);

	*value = (u32)rbx + 3 * (u32)(rbx >> 32);
	if (!loaded)
		return false;
	if (soft_cpu.kind == KIND_ADD_FROM)
		*value += MATRIX_OPERAND;
	if (soft_cpu.kind == KIND_MOVBE_READ)
		*value = __builtin_bswap32(*value);
	return true;
}

static bool store(u64 va, u32 bytes)
{
	u64 rbx = MATRIX_OPERAND;

	if (soft_cpu.kind == KIND_MOVBE_WRITE)
		rbx = __builtin_bswap32(MATRIX_OPERAND);
	return soft_store(va, bytes, BY_INSTRUCTION, &rbx);
}

static bool fetch(u64 va)
{
	struct operand o;

	if (!soft_operand(va, 1, CAN_FETCH, BY_INSTRUCTION, &o))
		return false;
	soft_check_code(o.memory[0]);
	return true;
}

/* What an instruction of a kind does to its operand of up to 8 bytes. */
static bool by_access(u64 va, u32 *value)
{
	const struct kind_row *row = &matrix_kinds[soft_cpu.kind];

	switch (row->access) {
	case ACCESS_READ:
		return load(va, row->bytes, value);
	case ACCESS_WRITE:
		return store(va, row->bytes);
	default:
		return modify(va, row->bytes);
	}
}

static bool exchange_rbx(u64 va, u32 *value)
{
	u64 rbx = MATRIX_OPERAND;

	if (!exchange(va, matrix_kinds[soft_cpu.kind].bytes, &rbx))
		return false;
	*value = (u32)rbx + 3 * (u32)(rbx >> 32);
	return true;
}

static bool scalar(u64 va, u32 *value)
{
	u32 bytes = matrix_kinds[soft_cpu.kind].bytes;

	switch (soft_cpu.kind) {
	case KIND_FETCH:
		return fetch(va);
	case KIND_XCHG:
	case KIND_XCHG_8:
	case KIND_XCHG_64:
		return exchange_rbx(va, value);
	case KIND_XADD:
	case KIND_LOCK_XADD:
		return exchange_add(va, value);
	case KIND_CMPXCHG:
	case KIND_CMPXCHG_BARE:
	case KIND_CMPXCHG8B:
	case KIND_CMPXCHG16B:
		return compare_exchange(va, bytes, true, value);
	case KIND_CMPXCHG_FAIL:
	case KIND_CMPXCHG_BARE_FAIL:
	case KIND_CMPXCHG8B_FAIL:
	case KIND_CMPXCHG16B_FAIL:
		return compare_exchange(va, bytes, false, value);
	case KIND_BT_FAR ... KIND_BTC_BEFORE:
		return bit_string(va, value);
	default:
		return by_access(va, value);
	}
}

/* Planted errors: what should touch nothing reads, or writes. */
static bool touches(u32 kind)
{
	switch (kind) {
	case KIND_LEA:
		return BROKEN(lea_reads);
	case KIND_NOP:
		return BROKEN(nop_reads);
	case KIND_INVLPG:
		return BROKEN(invlpg_reads);
	case KIND_PREFETCHT0 ... KIND_PREFETCHNTA:
		return BROKEN(prefetch_reads);
	case KIND_PREFETCHW:
		return BROKEN(prefetchw_faults);
	case KIND_CLDEMOTE:
		return BROKEN(cldemote_faults);
	case KIND_REP_STOS_0:
		return BROKEN(rep_stos_0_faults);
	case KIND_REP_MOVS_0:
		return BROKEN(rep_movs_0_faults);
	case KIND_REP_CMPS_0:
		return BROKEN(rep_cmps_0_faults);
	case KIND_MASK_READ_NONE:
		return BROKEN(masked_load_checks_the_page);
	case KIND_MASK_WRITE_NONE:
		return BROKEN(masked_store_checks_the_page);
	case KIND_GATHER_NONE:
		return BROKEN(masked_gather_checks_the_page);
	case KIND_OPMASK_READ_NONE:
	case KIND_OPMASK_WRITE_NONE:
		return BROKEN(opmask_checks_the_page);
	}
	return false;
}

static bool nothing(u64 va)
{
	u32 kind = soft_cpu.kind;
	struct operand o;
	bool writes = kind == KIND_PREFETCHW || kind == KIND_REP_STOS_0 ||
		      kind == KIND_MASK_WRITE_NONE || kind == KIND_OPMASK_WRITE_NONE;

	if (kind == KIND_INVLPG)
		machine_invlpg(va);
	if (kind == KIND_PREFETCHW && BROKEN(prefetchw_sets_d) &&
	    soft_operand(va, 1, CAN_WRITE, BY_INSTRUCTION, &o))
		soft_mark(o.page[0], CAN_WRITE);
	return !touches(kind) || soft_operand(va, matrix_kinds[kind].bytes,
					      writes ? CAN_WRITE : CAN_READ, BY_INSTRUCTION, &o);
}

/* The SDM: as a load of a byte of the line. */
static bool line(u64 va)
{
	u32 kind = soft_cpu.kind, does = CAN_READ;
	struct operand o;

	if ((BROKEN(clflush_checks_nothing) && kind == KIND_CLFLUSH) ||
	    (BROKEN(monitor_checks_nothing) && kind == KIND_MONITOR) ||
	    (BROKEN(umonitor_checks_nothing) && kind == KIND_UMONITOR))
		return true;
	if ((BROKEN(clwb_is_a_write) && kind == KIND_CLWB) ||
	    (BROKEN(clflushopt_is_a_write) && kind == KIND_CLFLUSHOPT))
		does = CAN_WRITE;
	if (!soft_operand(va, 1, does, BY_INSTRUCTION, &o))
		return false;
	if (BROKEN(clflush_sets_d) && kind == KIND_CLFLUSH)
		soft_mark(o.page[0], CAN_WRITE);
	return true;
}

bool soft_plain(u64 va, u32 *value)
{
	const struct kind_row *row = &matrix_kinds[soft_cpu.kind];

	if (row->access == ACCESS_NONE && !nothing(va)) {
		*value = MATRIX_OPERAND;
		return false;
	}
	if (row->flags & KF_STRING)
		return soft_string(va, value);
	if (row->flags & KF_VECTOR || row->bytes == 10)
		return soft_vector(va, value);
	if (row->flags & (KF_AT_RSI | KF_FROM_RSI))
		return soft_direct_store(va);
	if (soft_cpu.kind >= KIND_CLFLUSH && soft_cpu.kind <= KIND_UMONITOR)
		return line(va);
	return row->access == ACCESS_NONE || scalar(va, value);
}

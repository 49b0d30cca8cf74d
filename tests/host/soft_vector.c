// SPDX-License-Identifier: MIT
/* Vector loads and stores, whole and masked; x87 numbers; areas of state. */
#include "tests/host/soft_plain.h"
#include "tests/matrix/plain.h"

#include <string.h>

/* Where the area of FXSAVE and XSAVE has XMM0, what is left to software, and XSAVE's header. */
enum { XMM0_AT = 160, FREE_AT = 464, HEADER_AT = 512, HEADER_SIZE = 64 };

static void operand_words(u8 *to, u32 bytes)
{
	static const u32 word = MATRIX_OPERAND;

	for (u32 i = 0; i < bytes; i += 4)
		memcpy(to + i, &word, MIN(4, bytes - i));
}

static bool fxrstor(u64 va, u8 *xmm0)
{
	u8 area[HEADER_AT + HEADER_SIZE];
	u32 bytes = matrix_kinds[soft_cpu.kind].bytes;

	if (BROKEN(xrstor_reads_no_header) && bytes > HEADER_AT)
		bytes = HEADER_AT;
	if (!soft_load(va, bytes, BY_INSTRUCTION, area))
		return false;
	memcpy(xmm0, area + XMM0_AT, 16);
	return true;
}

/* What lies between the registers and the header is left to software: it is not written. */
static bool fxsave(u64 va)
{
	u8 area[FREE_AT] = { 0 }, header[HEADER_SIZE] = { 3 };

	operand_words(area + XMM0_AT, 16);
	if (!soft_store(va, BROKEN(fxsave_stores_x87_alone) ? 150 : FREE_AT, BY_INSTRUCTION, area))
		return false;
	return soft_cpu.kind == KIND_FXSAVE ||
	       soft_store(va + HEADER_AT, HEADER_SIZE, BY_INSTRUCTION, header);
}

static bool fld(u64 va)
{
	u8 number[10];

	return soft_load(va, sizeof(number), BY_INSTRUCTION, number);
}

static bool fstp(u64 va)
{
	u8 number[10];

	operand_words(number, sizeof(number));
	number[7] |= 0x80; /* the integer bit of a normal number */
	return soft_store(va, sizeof(number), BY_INSTRUCTION, number);
}

static bool gather(u64 va, u8 *xmm0)
{
	for (u32 i = 0; i < 4; i++)
		if (!(i && BROKEN(gather_checks_one_element)) &&
		    !soft_load(va + 4 * i, 4, BY_INSTRUCTION, xmm0 + 4 * i))
			return false;
	return true;
}

/* Under a mask the upper half is not accessed; VPMASKMOVD clears those elements. */
static bool load(u64 va, u8 *vector, u32 bytes)
{
	u32 flags = matrix_kinds[soft_cpu.kind].flags;
	u32 loaded = flags & KF_LOWER ? bytes / 2 : bytes;
	struct operand o;

	if (flags & KF_LOWER && BROKEN(masked_load_checks_all_elements) &&
	    !soft_operand(va, bytes, CAN_READ, BY_INSTRUCTION, &o))
		return false;
	if (!soft_load(va, loaded, BY_INSTRUCTION, vector))
		return false;
	if (soft_cpu.kind == KIND_MASK_READ)
		memset(vector + loaded, 0, bytes - loaded);
	return true;
}

static bool store(u64 va, const u8 *vector, u32 bytes)
{
	u32 flags = matrix_kinds[soft_cpu.kind].flags;
	struct operand o;

	if (flags & KF_LOWER && BROKEN(masked_store_checks_all_elements) &&
	    !soft_operand(va, bytes, CAN_WRITE, BY_INSTRUCTION, &o))
		return false;
	if (flags & KF_LOWER && BROKEN(masked_store_writes_all))
		return soft_store(va, bytes, BY_INSTRUCTION, vector);
	return soft_store(va, flags & KF_LOWER ? bytes / 2 : bytes, BY_INSTRUCTION, vector);
}

static bool vector_access(u64 va, u8 *vector, u32 bytes)
{
	switch (soft_cpu.kind) {
	case KIND_FLD:
		return fld(va);
	case KIND_FSTP:
		return fstp(va);
	case KIND_FXRSTOR:
	case KIND_XRSTOR:
		return fxrstor(va, vector);
	case KIND_FXSAVE:
	case KIND_XSAVE:
	case KIND_XSAVEC:
		return fxsave(va);
	case KIND_GATHER:
		return gather(va, vector);
	case KIND_MASK_READ_NONE:
		memset(vector, 0, bytes);
		return true;
	}
	switch (matrix_kinds[soft_cpu.kind].access) {
	case ACCESS_NONE:
		return true;
	case ACCESS_READ:
		return load(va, vector, bytes);
	default:
		return store(va, vector, bytes);
	}
}

bool soft_vector(u64 va, u32 *value)
{
	u8 vector[64];
	u32 bytes = matrix_kinds[soft_cpu.kind].flags & KF_AREA ? 16
								: matrix_kinds[soft_cpu.kind].bytes;
	bool done;

	operand_words(vector, bytes);
	done = vector_access(va, vector, bytes);
	*value = plain_fold(vector, bytes);
	return done;
}

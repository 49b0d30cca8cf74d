// SPDX-License-Identifier: MIT
/* Decodes prefixes and one opcode byte, in 64-bit mode: SDM Vol. 2, "Instruction Prefixes". */
#include "pks/policy/step_insn.h"

static bool is_prefix(u8 byte)
{
	switch (byte) {
	case 0x26: /* segments */
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0x66: /* operand and address size */
	case 0x67:
	case 0xf0: /* LOCK, REPNE, REP */
	case 0xf2:
	case 0xf3:
		return true;
	default:
		return byte >> 4 == 4; /* REX */
	}
}

/* INS, OUTS, MOVS, CMPS, STOS, LODS, SCAS. */
static bool is_string(u8 opcode)
{
	return (opcode >= 0x6c && opcode <= 0x6f) || (opcode >= 0xa4 && opcode <= 0xa7) ||
	       (opcode >= 0xaa && opcode <= 0xaf);
}

enum step_kind step_insn_kind(const u8 *insn, u64 len)
{
	bool repeated = false;
	u64 i;

	len = MIN(len, (u64)STEP_INSN_MAX);
	for (i = 0; i < len && is_prefix(insn[i]); i++)
		repeated |= insn[i] == 0xf2 || insn[i] == 0xf3;
	if (i == len)
		return STEP_PLAIN;
	if (repeated && is_string(insn[i]))
		return STEP_STRING;
	if (insn[i] == 0x9c)
		return STEP_PUSHF;
	return insn[i] == 0x9d || insn[i] == 0xcf ? STEP_LOADS_FLAGS : STEP_PLAIN;
}

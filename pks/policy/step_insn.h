/* SPDX-License-Identifier: MIT */
/* What a pardon for one instruction must know of that instruction. Pure: built on the host too. */
#ifndef KEYWARD_PKS_POLICY_STEP_INSN_H
#define KEYWARD_PKS_POLICY_STEP_INSN_H

#include "kernel/lib/types.h"

/* SDM Vol. 2, "Instruction Format": no instruction is longer. */
#define STEP_INSN_MAX 15

enum step_kind {
	STEP_PLAIN,
	STEP_STRING,      /* REP: a trap after each iteration, RIP still on the instruction */
	STEP_PUSHF,       /* what it pushes has our TF in it */
	STEP_LOADS_FLAGS, /* POPF, IRET: TF is what they load */
	STEP_KINDS
};

/* The kind of the instruction that begins at `insn`, of which `len` bytes may be read. Any context.
 */
enum step_kind step_insn_kind(const u8 *insn, u64 len);

#endif

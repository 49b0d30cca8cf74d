/* SPDX-License-Identifier: MIT */
/* What a pardon for one instruction must know about it. Pure, also built on the host. */
#ifndef KEYWARD_PKS_POLICY_STEP_INSN_H
#define KEYWARD_PKS_POLICY_STEP_INSN_H

#include "kernel/lib/types.h"

/* SDM Vol. 2, "Instruction Format": no instruction is longer. */
#define STEP_INSN_MAX 15

enum step_kind {
	STEP_PLAIN,
	STEP_STRING,      /* REP: a trap after each iteration, RIP still on the instruction */
	STEP_PUSHF,       /* pushes our TF */
	STEP_LOADS_FLAGS, /* POPF, IRET: they replace TF */
	STEP_KINDS
};

/* Returns the kind of the instruction at `insn`, where `len` bytes may be read. Any context. */
enum step_kind step_insn_kind(const u8 *insn, u64 len);

#endif

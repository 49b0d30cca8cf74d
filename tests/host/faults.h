/* SPDX-License-Identifier: MIT */
/*
 * The errors that can be planted in the software machine, one at a time or beside one that is
 * listed as known: each is one that an implementer could make. The list is faults.inc; the errors
 * themselves are where they would be made, as BROKEN(name), in soft*.c.
 */
#ifndef KEYWARD_TESTS_HOST_FAULTS_H
#define KEYWARD_TESTS_HOST_FAULTS_H

#include "kernel/lib/types.h"

enum fault {
	FAULT_NONE,
#define FAULT(name, says, rules, also) FAULT_##name,
#define EQUIVALENT(name, says, why)    FAULT_##name,
#define UNSEEN(name, says, why)        FAULT_##name,
#include "tests/host/faults.inc"
#undef FAULT
#undef EQUIVALENT
#undef UNSEEN
	FAULTS
};

/* The error that is planted now, and a second one: a machine's divergence that is known. */
extern enum fault soft_fault, soft_known;
#define BROKEN(name) unlikely(soft_fault == FAULT_##name || soft_known == FAULT_##name)

enum fault_state {
	FAULT_SEEN,
	FAULT_EQUIVALENT, /* it breaks no rule */
	FAULT_UNSEEN,     /* it breaks one, but in no case of the space */
};

struct fault_text {
	const char *id, *says;
	enum fault_state state;
	u64 rules, also; /* rules that must be reported, and that may be too; bits */
	const char *why; /* why it is equivalent or unseen */
};
const struct fault_text *fault_text(enum fault f);

/*
 * True if this run plants the error: PLANTED=K/N in the environment leaves every Nth of them from
 * the Kth on; without it all are. Exits if it is not understood.
 */
bool fault_is_planted(enum fault f);

#endif

/* SPDX-License-Identifier: MIT */
/* One access to memory from a context of one's choice. Its fault is a value; nothing dies of it. */
#ifndef KEYWARD_MONITOR_ACCESS_H
#define KEYWARD_MONITOR_ACCESS_H

#include "kernel/cpu/extable.h"
#include "monitor/words.h"

struct access {
	u64 addr;
	u32 size; /* 1, 2, 4, 8 bytes */
	bool write;
	u64 value; /* read, or to be written */

	/* What came of it. */
	bool made;          /* else the context could not be had */
	struct fault fault; /* what the processor said first */
	bool decided;       /* that was the fault policy's matter, and it did as follows: */
	bool pardoned;
	bool user_page; /* AS_USER: the address is user mode's, there */
};

/* Makes the access. The monitor's thread. */
void access_make(const struct as *as, struct access *a);

/* Whether memory was read or written in the end. */
static inline bool access_done(const struct access *a)
{
	return a->made && (a->fault.vector == FAULT_NONE || a->pardoned);
}

/* Prints what is to be said of a fault: its words, key and rights, the policy's verdict and why. */
void access_explain(const struct access *a);

#endif

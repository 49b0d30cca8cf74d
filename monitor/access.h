/* SPDX-License-Identifier: MIT */
/* Makes one access to memory from a chosen context. Its fault is a value; nothing dies of it. */
#ifndef KEYWARD_MONITOR_ACCESS_H
#define KEYWARD_MONITOR_ACCESS_H

#include "kernel/cpu/extable.h"
#include "monitor/words.h"

struct access {
	u64 addr;
	u32 size; /* 1, 2, 4, 8 bytes */
	bool write;
	u64 value; /* read, or to write */

	/* The result. */
	bool made;          /* false: the context could not be created */
	struct fault fault; /* of the first attempt */
	bool decided;       /* the fault policy decided on it, with this result: */
	bool pardoned;
	bool user_page; /* AS_USER: in its address space, the page is user mode's */
};

/* Makes the access. The monitor's thread. */
void access_make(const struct as *as, struct access *a);

/* Returns whether memory was read or written in the end. */
static inline bool access_done(const struct access *a)
{
	return a->made && (a->fault.vector == FAULT_NONE || a->pardoned);
}

/* Prints a fault in words: its cause, key and rights, the policy's verdict and the reason. */
void access_explain(const struct access *a);

#endif

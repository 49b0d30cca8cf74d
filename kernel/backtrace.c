// SPDX-License-Identifier: MIT
#include "kernel/backtrace.h"
#include "kernel/console/console.h"
#include "kernel/cpu/regs.h"
#include "mm/stack.h"

#define DEPTH_MAX 24

struct frame {
	const struct frame *caller;
	u64 rip;
};

extern const char trap_return[]; /* kernel/entry.S: behind its call of trap_dispatch() */

const struct regs *backtrace_trap(u64 rbp)
{
	const struct frame *frame = (const struct frame *)rbp;

	while (!((u64)frame & 7) && stack_contains((u64)frame, sizeof(*frame))) {
		const struct regs *regs = (const struct regs *)(frame + 1);

		if (frame->rip == (u64)trap_return)
			return stack_contains((u64)regs, sizeof(*regs)) ? regs : NULL;
		if (frame->caller <= frame)
			return NULL; /* callers live at higher addresses */
		frame = frame->caller;
	}
	return NULL;
}

void backtrace(u64 rip, u64 rbp)
{
	const struct frame *frame = (const struct frame *)rbp;

	pr("# backtrace:\n");
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		pr("#   %016lx %p"
		   "S\n",
		   rip, (void *)rip);
		if ((u64)frame & 7 || !stack_contains((u64)frame, sizeof(*frame)))
			return;
		rip = frame->rip;
		if (frame->caller && frame->caller <= frame)
			return; /* callers live at higher addresses */
		frame = frame->caller;
		if (!rip)
			return;
	}
	pr("#   ...\n");
}

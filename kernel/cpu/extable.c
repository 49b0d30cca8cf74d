// SPDX-License-Identifier: MIT
#include "kernel/cpu/extable.h"

struct extable_entry {
	u64 insn, fixup, kind;
};

extern const struct extable_entry extable_start[], extable_end[];

bool extable_search(struct regs *regs, enum extable_kind kind, u64 addr)
{
	for (const struct extable_entry *e = extable_start; e < extable_end; e++) {
		if (e->insn != regs->rip || e->kind != kind)
			continue;
		regs->rip = e->fixup;
		if (kind == EX_KEEP)
			return true;
		regs->rax = regs->vector;
		regs->rdx = regs->error;
		regs->rcx = addr;
		regs->rsi = regs_pkrs(regs);
		return true;
	}
	return false;
}

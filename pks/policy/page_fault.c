// SPDX-License-Identifier: MIT
/*
 * Handles page faults: hands a probe its fault as a value, continues what the protection-key policy
 * pardons, and ends the context of every other fault.
 */
#include "kernel/cpu/extable.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/exception.h"
#include "mm/debug_pagealloc.h"
#include "mm/stack.h"
#include "pks/policy/fault.h"
#include "pks/policy/short.h"

static const char *why(const struct regs *regs, u64 addr)
{
	if (stack_guard_hit(addr))
		return "a stack has overflowed into its guard page";
	if (addr < PAGE_SIZE)
		return "NULL pointer";
	if (!(regs->error & PF_P) && address_is_freed(addr))
		return "use of freed memory";
	if (regs->error & PF_PK)
		return "a protection key denies the access";
	return "page fault";
}

/* Whether the access may be repeated. */
static bool continues(struct regs *regs, u64 addr)
{
	/* user mode cannot access a supervisor page, whatever its key: no pardon could help */
	if (regs->error & PF_U)
		return user_fault(regs->error, addr);
	return CONFIG_PKS && regs->error & PF_PK && pks_fault(regs, addr);
}

void page_fault_long(struct regs *regs, u64 addr)
{
	if (extable_probe(regs, addr))
		return;
	/* from here on the fault belongs to its thread and may be preempted */
	if (regs->rflags & RFLAGS_IF)
		irq_enable();
	if (!continues(regs, addr))
		die(regs, why(regs, addr), addr);
	irq_disable();
}

void page_fault(struct regs *regs, u64 addr)
{
	if (!CONFIG_PKS || !pks_fault_short(regs, addr))
		page_fault_long(regs, addr);
}

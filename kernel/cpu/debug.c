// SPDX-License-Identifier: MIT
#include "kernel/cpu/debug.h"
#include "kernel/cpu/extable.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"

/* No CPUID bit announces IA32_DEBUGCTL, and not every emulator has it: a #GP is ignored. */
static __attribute__((noinline, section(".text.probe"))) void clear_debugctl(void)
{
	struct fault f = { 0 };

	f.addr = MSR_DEBUGCTL;
	asm volatile("1: wrmsr\n2:\n" EXTABLE("1b", "2b", "0") : FAULT_OPERANDS(f) : : "memory");
}
_Static_assert(EX_PROBE == 0, "the kind in clear_debugctl()");

void debug_init_cpu(void)
{
	write_dr7(DR7_INIT); /* first: no breakpoint sets DR6 again */
	write_dr6(DR6_INIT);
	clear_debugctl();
}

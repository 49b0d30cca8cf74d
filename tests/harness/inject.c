// SPDX-License-Identifier: MIT
#include "tests/harness/inject.h"
#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "tests/harness/ktest.h"

static struct {
	trap_hook_t hook;
	u32 steps;
} step;

static bool on_step(struct regs *regs)
{
	step.steps++;
	return step.hook(regs);
}

u32 single_step(void (*fn)(void *), void *arg, trap_hook_t hook)
{
	trap_hook_t before;

	step.hook = hook;
	step.steps = 0;
	before = trap_hook_set(X86_DB, on_step);
	asm volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(RFLAGS_TF) : "memory", "cc");
	fn(arg);
	asm volatile("pushfq; andq %0, (%%rsp); popfq" : : "i"(~RFLAGS_TF) : "memory", "cc");
	trap_hook_set(X86_DB, before);
	return step.steps;
}

static struct {
	trap_hook_t hook;
	u64 nmis;     /* this processor's count when the first had come, 0: there was none yet */
	bool blocked; /* the first has ended, and NMIs are still blocked */
} pending;

/* The second NMI stays pending: no NMI is delivered before an IRET. */
static bool first_nmi(struct regs *regs)
{
	(void)regs;
	trap_hook_set(X86_NMI, pending.hook);
	apic_self_nmi();
	pending.nmis = this_cpu()->nmis;
	pending.blocked = true;
	return true;
}

static void take_first_nmi(void)
{
	trap_hook_set(X86_NMI, first_nmi);
	apic_self_nmi();
	for (u32 spins = 0; !*(volatile bool *)&pending.blocked && spins < 1000000; spins++)
		cpu_relax();
}

/*
 * Takes a first NMI while on an IST stack, the machine check's. The kernel returns to such a stack
 * without IRET (kernel/entry.S, return_to_ist), so NMIs stay blocked, and a second one waits for
 * the IRET of the handler that we are in.
 */
void nmi_at_iret(trap_hook_t hook)
{
	u64 stack = this_cpu()->tss.ist[IST_MC];

	if (this_cpu() != &boot_cpu)
		return;
	if (pending.nmis && pending.nmis == this_cpu()->nmis)
		return; /* the last one is still due: the thread that went on did so without IRET */
	pending.hook = hook;
	pending.blocked = false;
	asm volatile("mov %%rsp, %%rbx\n\t"
		     "mov %0, %%rsp\n\t"
		     "call *%1\n\t"
		     "mov %%rbx, %%rsp"
		     :
		     : "r"(stack), "r"(take_first_nmi)
		     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory",
		       "cc");
	if (!pending.blocked)
		ktest_error("the NMI to oneself did not come");
}

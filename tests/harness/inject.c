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
	return !step.hook || step.hook(regs);
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
	u64 nmis;     /* this CPU's NMI count after the first of a pair; 0: no pair yet */
	bool blocked; /* the first has ended, NMIs are still blocked */
} pending;

/* Sends the second NMI. It stays pending, as no NMI is delivered before an IRET. */
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
 * Takes a first NMI on the machine check's IST stack. The kernel returns to an IST stack without
 * IRET (kernel/entry.S, return_to_ist), so NMIs stay blocked, and the second NMI waits for the IRET
 * of the calling handler.
 */
void nmi_at_iret(trap_hook_t hook)
{
	u64 stack = this_cpu()->tss.ist[IST_MC];

	if (this_cpu() != &boot_cpu)
		return;
	if (pending.nmis && pending.nmis == this_cpu()->nmis)
		return; /* the last one is still pending: the next thread resumed without IRET */
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
		ktest_error("the self-NMI was not delivered");
}

// SPDX-License-Identifier: MIT
/* Steps that enter the kernel: faults, exceptions, machine checks, interrupts, user mode. */
#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "mm/kmap/kmap.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"
#include "tests/harness/probe.h"
#include "tests/outside/outside.h"

static u32 key_mask(void)
{
	return pkrs_mask(pages.marked.page->pkey);
}

void outside_expect(const char *file, int line, u32 want)
{
	bool global = pks_policy_get().scope == PKS_SCOPE_GLOBAL;
	u32 lent = this_cpu()->pkrs_lent, reg = pkrs_register(), mirror = rights_mirror();

	ktest_checked();
	if (mirror != want || (reg != want && !(global && reg == (want & ~key_mask()))))
		ktest_fail(file, line, "expected rights %08x, IA32_PKRS is %08x and cpu->pkrs %08x",
			   want, reg, mirror);
	if (mirror & ~reg & ~lent)
		ktest_fail(file, line,
			   "IA32_PKRS has more rights, %08x, than cpu->pkrs, %08x, and "
			   "what is noted as lent, %08x: no recall will take them back",
			   reg, mirror, lent);
}

/* A pardon, and what the context may do after it. */
void outside_fault(void)
{
	bool wide = pks_policy_get().scope == PKS_SCOPE_CONTEXT;

	EXPECT_NO_FAULT(policy_write(pages.marked.va), "the page is marked");
	EXPECT_OUTSIDE(wide ? PKRS_INIT & ~key_mask() : PKRS_INIT);
	EXPECT_EQ(read_flags() & RFLAGS_TF, 0);
	EXPECT_PAGE_FAULT(policy_read(pages.closed.va), PF_P | PF_PK, pages.closed.va,
			  "a pardon opens one key");
	rights_set(PKRS_INIT);
}

/* Faults as values, whose address is CR2: an NMI may come before the kernel has read it. */
void outside_refusal(void)
{
	u64 value;

	EXPECT_PAGE_FAULT(probe_read(pages.closed.va + 1, &value), PF_P | PF_PK,
			  pages.closed.va + 1, "the key is closed");
	EXPECT_OUTSIDE(PKRS_INIT);
	EXPECT_PAGE_FAULT(probe_write(pages.closed.va + 2, 1), PF_P | PF_W | PF_PK,
			  pages.closed.va + 2, "the key is closed");
	EXPECT_OUTSIDE(PKRS_INIT);
	EXPECT_PAGE_FAULT(policy_write(pages.closed.va + 3), PF_P | PF_W | PF_PK,
			  pages.closed.va + 3, "the page is not marked");
	EXPECT_OUTSIDE(PKRS_INIT);
}

/* A context of its own: the initial rights, whatever it interrupts; it leaves all keys open. */
static bool meddle(struct regs *regs)
{
	(void)regs;
	EXPECT_OUTSIDE(PKRS_INIT);
	EXPECT_NO_FAULT(policy_write(pages.marked.va), "the page is marked");
	rights_set(0);
	return true;
}

static void breakpoint(void)
{
	asm volatile("int3" : : : "memory");
}

/* Whether the rights differ from the initial ones decides which way the entry and the exit go. */
static void raise_under(u32 pkrs, void (*raise)(void))
{
	rights_set(pkrs);
	raise();
	EXPECT_RIGHTS(pkrs);
	rights_set(PKRS_INIT);
}

void outside_exception(void)
{
	trap_hook_set(X86_BP, meddle);
	raise_under(WITH_KEY(KEY_A), breakpoint);
	breakpoint();
	EXPECT_OUTSIDE(PKRS_INIT);
	trap_hook_set(X86_BP, NULL);
}

static bool open_all(struct regs *regs)
{
	(void)regs;
	rights_set(0);
	return true;
}

void outside_registers(void)
{
	u64 outside_registers_break(void), outside_registers_check(void);

	trap_hook_set(X86_BP, open_all);
	trap_hook_set(X86_MC, open_all);
	EXPECT_EQ(outside_registers_break(), 0);
	EXPECT_OUTSIDE(PKRS_INIT);
	EXPECT_EQ(outside_registers_check(), 0);
	EXPECT_OUTSIDE(PKRS_INIT);
	trap_hook_set(X86_MC, NULL);
	trap_hook_set(X86_BP, NULL);
}

static void machine_check(void)
{
	asm volatile("int $18" : : : "memory");
}

/* #DB by INT, as no other trap may find the user's GS base in the kernel. */
static void debug_with_user_gs(void)
{
	asm volatile("swapgs; int $1; swapgs" : : : "memory");
}

/*
 * On an IST stack: traps return without IRET, TF ends at the next return, GS may be the user's.
 * PKRS_INIT is what a machine check runs with.
 */
static bool on_machine_check(struct regs *regs)
{
	u64 value;

	(void)regs;
	EXPECT_RIGHTS(PKRS_INIT);
	raise_under(WITH_KEY(KEY_B), breakpoint);
	EXPECT_PAGE_FAULT(probe_read(pages.closed.va, &value), PF_P | PF_PK, pages.closed.va,
			  "the key is closed");
	asm volatile("pushfq; orq %0, (%%rsp); popfq; nop; nop"
		     :
		     : "i"(RFLAGS_TF)
		     : "memory", "cc");
	EXPECT_EQ(read_flags() & RFLAGS_TF, 0);
	debug_with_user_gs();
	EXPECT_RIGHTS(PKRS_INIT);
	kmap(pages.other.page);
	kunmap(pages.other.page);
	rights_set(0);
	return true;
}

void outside_machine_check(void)
{
	trap_hook_set(X86_BP, open_all);
	trap_hook_set(X86_MC, on_machine_check);
	raise_under(WITH_KEY(KEY_A), machine_check);
	machine_check();
	EXPECT_OUTSIDE(PKRS_INIT);
	trap_hook_set(X86_MC, NULL);
	trap_hook_set(X86_BP, NULL);
}

/* As a trap that comes in the entry's first instructions finds it, or in the exit's last. */
void outside_user_gs(void)
{
	u64 flags = irq_save();

	trap_hook_set(X86_MC, open_all);
	rights_set(WITH_KEY(KEY_A));
	asm volatile("swapgs; int $18; swapgs" : : : "memory");
	EXPECT_RIGHTS(WITH_KEY(KEY_A));
	debug_with_user_gs();
	EXPECT_RIGHTS(WITH_KEY(KEY_A));
	rights_set(PKRS_INIT);
	trap_hook_set(X86_MC, NULL);
	irq_restore(flags);
}

static bool arrived;

static bool on_interrupt(struct regs *regs)
{
	smp_store_release(&arrived, true);
	return meddle(regs);
}

static void interrupt(void)
{
	smp_store_release(&arrived, false);
	apic_self_ipi(VECTOR_TEST);
	for (u32 spins = 0; !smp_load_acquire(&arrived) && spins < 1000000; spins++)
		cpu_relax();
	EXPECT(arrived);
}

void outside_interrupt(void)
{
	trap_hook_set(VECTOR_TEST, on_interrupt);
	raise_under(WITH_KEY(KEY_A), interrupt);
	interrupt();
	EXPECT_OUTSIDE(PKRS_INIT);
	trap_hook_set(VECTOR_TEST, NULL);
}

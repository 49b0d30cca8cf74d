// SPDX-License-Identifier: MIT
/*
 * DR6 is the interrupted code's: an NMI or a machine check may come between a #DB and its handler's
 * read of DR6. And what a CPU finds in its debug registers when it starts. What this cannot know:
 * machine checks of a real machine.
 */
#define KTEST_SUITE "nmi"

#include "kernel/cpu/debug.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "tests/harness/contexts.h"
#include "tests/harness/expect.h"
#include "tests/harness/inject.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"

#define DR6_BITS 0xe00f /* breakpoints 0 to 3, BD, BS, BT */

static void some_instructions(void *arg)
{
	(void)arg;
	cpu_relax();
	cpu_relax();
}

/* A #DB of the NMI's own: it sets and clears bits. */
static bool overwrite_dr6(struct regs *regs)
{
	(void)regs;
	write_dr6(read_dr6() ^ DR6_BITS);
	return true;
}

static void step_and_overwrite(void *arg)
{
	(void)arg;
	single_step(some_instructions, NULL, overwrite_dr6);
	write_dr6(DR6_INIT);
}

static void check_dr6(void *arg)
{
	static const u64 values[] = { DR6_INIT, DR6_INIT | DR6_BS, DR6_INIT | DR6_BITS };
	u64 flags = irq_save();

	(void)arg;
	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		for (enum test_context c = IN_NMI; c <= IN_MC; c++) {
			write_dr6(values[i]);
			run_in(c, step_and_overwrite, NULL);
			/* The interrupted #DB's handler may not have read DR6 yet. */
			EXPECT_EQ(read_dr6(), values[i]);
		}
	}
	write_dr6(DR6_INIT);
	irq_restore(flags);
}

static void dr6_survives_a_step_in_an_nmi(void)
{
	percpu_run_on(cpus[cpu_count - 1], check_dr6, NULL);
	percpu_run_on(cpus[0], check_dr6, NULL);
}
KTEST(dr6_survives_a_step_in_an_nmi, 0);

static u32 debugctl_writes; /* of 0; the stepped thread's #DB counts them */

static bool look_for_wrmsr(struct regs *regs)
{
	debugctl_writes += at_wrmsr(regs->rip) && (u32)regs->rcx == MSR_DEBUGCTL &&
			   !(u32)regs->rax && !(u32)regs->rdx;
	return true;
}

static void reset_debug(void *arg)
{
	(void)arg;
	debug_init_cpu();
}

static void step_reset(void *arg)
{
	u64 flags = irq_save(), dr7;

	(void)arg;
	write_dr7(DR7_INIT | 1 << 9); /* GE: no breakpoint, but not as after a reset */
	write_dr6(DR6_INIT | DR6_BITS);
	debug_init_cpu();
	EXPECT_EQ(read_dr6(), DR6_INIT);
	debugctl_writes = 0;
	single_step(reset_debug, NULL, look_for_wrmsr);
	asm volatile("mov %%dr7, %0" : "=r"(dr7));
	EXPECT_EQ(dr7, DR7_INIT);
	EXPECT_EQ(debugctl_writes, 1);
	irq_restore(flags);
}

/* Few emulators have IA32_DEBUGCTL, so what counts is the write. */
static void a_cpu_starts_with_clean_debug_registers(void)
{
	percpu_run_on(cpus[cpu_count - 1], step_reset, NULL);
	percpu_run_on(cpus[0], step_reset, NULL);
}
KTEST(a_cpu_starts_with_clean_debug_registers, 0);

static bool go_on(struct regs *regs)
{
	(void)regs;
	return true;
}

static void probe_here(void *arg)
{
	u64 value = 0;

	EXPECT_NO_FAULT(probe_read(arg, &value), "a step's #DB is no fault of the probe");
	EXPECT_EQ(value, *(u64 *)arg);
	EXPECT_PAGE_FAULT(probe_read((void *)NOWHERE, &value), 0, NOWHERE, "P = 0");
}

static void a_probe_can_be_stepped(void)
{
	u64 word = 0x0123456789abcdef;

	EXPECT(single_step(probe_here, &word, go_on) > 20);
}
KTEST(a_probe_can_be_stepped, KT_STRESS);

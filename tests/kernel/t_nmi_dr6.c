// SPDX-License-Identifier: MIT
/*
 * DR6 is the interrupted code's: an NMI or a machine check may come between a #DB and its handler's
 * read of DR6. What this cannot know: machine checks of a real machine.
 */
#define KTEST_SUITE "nmi"

#include "kernel/cpu/insn.h"
#include "tests/harness/contexts.h"
#include "tests/harness/expect.h"
#include "tests/harness/inject.h"
#include "tests/harness/percpu_run.h"

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

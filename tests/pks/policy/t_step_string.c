// SPDX-License-Identifier: MIT
/* A string instruction that is pardoned for itself alone while somebody else single-steps it. */
#define KTEST_SUITE "step"

#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "tests/harness/inject.h"
#include "tests/harness/probe.h"
#include "tests/pks/policy/step_check.h"

static struct {
	u32 iterations; /* stepped ones, with the right open */
	u64 flags;      /* after the instruction */
	u32 rights;
} ended;

/* Stops single-stepping after two iterations. */
static bool end_tracing(struct regs *regs)
{
	if (regs_pkrs(regs) != PKRS_INIT && ++ended.iterations == 2)
		regs->rflags &= ~(u64)RFLAGS_TF;
	return true;
}

static void store_five(void *arg)
{
	u64 to = area.a, count = 5;

	(void)arg;
	asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0x5a) : "memory");
	ended.flags = read_flags();
	ended.rights = pkrs_register();
	EXPECT_EQ(count, 0);
}

/* The string instruction continues, and its pardon still ends with it. */
static void a_step_outlives_the_single_stepper(void)
{
	if (!step_area_get())
		return;
	ended.iterations = 0;
	single_step(store_five, NULL, end_tracing);
	EXPECT_EQ(ended.iterations, 2);
	EXPECT_EQ(ended.flags & RFLAGS_TF, 0);
	EXPECT_EQ(ended.rights, PKRS_INIT);
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(step_peek(area.a), 0x5a5a5a5a5a);
	step_area_put();
}
KTEST(a_step_outlives_the_single_stepper, KT_PKS);

/* Steps itself while the string instruction's step is pending; none of its traps belongs to that.
 */
static bool step_between_iterations(struct regs *regs)
{
	if (regs->rip - (u64)step_between_iterations < 256 || regs_pkrs(regs) == PKRS_INIT)
		return true;
	asm volatile("pushfq; orq %0, (%%rsp); popfq; nop; nop; pushfq; andq %1, (%%rsp); popfq"
		     :
		     : "i"(RFLAGS_TF), "i"(~RFLAGS_TF)
		     : "memory", "cc");
	ended.iterations++;
	return true;
}

static void a_single_stepper_works_between_iterations(void)
{
	if (!step_area_get())
		return;
	ended.iterations = 0;
	single_step(store_five, NULL, step_between_iterations);
	EXPECT(ended.iterations >= 4);
	EXPECT_EQ(ended.rights, PKRS_INIT);
	EXPECT_STEPPED(1, 1, 0);
	step_area_put();
}
KTEST(a_single_stepper_works_between_iterations, KT_PKS);

/* The count is 0 then, so RIP moves on: SDM Vol. 2B, "REP/REPE/REPZ/REPNE/REPNZ". */
static void a_string_instruction_ends_with_its_last_iteration(void)
{
	if (!step_area_get())
		return;
	ended.iterations = 0;
	single_step(store_five, NULL, step_between_iterations);
	EXPECT_EQ(ended.iterations, 4);
	step_area_put();
}
KTEST(a_string_instruction_ends_with_its_last_iteration, KT_PKS);

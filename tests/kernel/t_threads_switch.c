// SPDX-License-Identifier: MIT
/*
 * Which registers switch_to() keeps. Its one caller saves those that it uses, so that no other test
 * sees them lost. What this cannot know: RBP, on which this code itself relies.
 */
#define KTEST_SUITE "threads"

#include "kernel/cpu/insn.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "tests/harness/expect.h"

#define KEPT 5

void switch_to(struct thread *prev, struct thread *next);

/*
 * The scheduler knows neither of the two: interrupts are off as long as they switch. `there` runs
 * on `stack` and alone writes `wrong_there`, what its side has found.
 */
static struct thread here, there;
static u64 stack[512];
static u64 wrong_there;

/* Switches with RBX and R12 to R15 full of numbers; returns how many of them come back otherwise.
 */
static u64 switch_and_compare(struct thread *from, struct thread *to, u64 first)
{
	u64 got[KEPT], wrong = 0;

	asm volatile("mov %3, %%rbx\n\t"
		     "lea 1(%%rbx), %%r12\n\t"
		     "lea 2(%%rbx), %%r13\n\t"
		     "lea 3(%%rbx), %%r14\n\t"
		     "lea 4(%%rbx), %%r15\n\t"
		     "call switch_to\n\t"
		     "mov %%rbx, %2\n\t"
		     "mov %%r12, 8+%2\n\t"
		     "mov %%r13, 16+%2\n\t"
		     "mov %%r14, 24+%2\n\t"
		     "mov %%r15, 32+%2\n\t"
		     : "+D"(from), "+S"(to), "=m"(got)
		     : "m"(first)
		     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		       "r15", "memory", "cc");
	for (u64 i = 0; i < KEPT; i++)
		wrong += got[i] != first + i;
	return wrong;
}

static void other_side(void)
{
	for (u64 first = 1ULL << 40;; first += 100)
		wrong_there += switch_and_compare(&there, &here, first);
}

/* What switch_to() pops: the rights, in a kernel that has them, five registers, RBP and RIP. */
static void prepare_the_other_side(void)
{
	u64 *top = stack + ARRAY_SIZE(stack) - 2;

	memset(stack, 0, sizeof(stack));
	*top = (u64)other_side;
	top -= 1 + KEPT;
	if (CONFIG_PKS)
		*--top = PKRS_INIT;
	there.rsp = (u64)top;
	wrong_there = 0;
}

static void a_switch_keeps_what_a_call_keeps(void)
{
	u64 flags = irq_save();

	prepare_the_other_side();
	for (u64 i = 1; i < 4; i++)
		EXPECT_EQ(switch_and_compare(&here, &there, i << 50), 0);
	EXPECT_EQ(wrong_there, 0);
	irq_restore(flags);
}
KTEST(a_switch_keeps_what_a_call_keeps, KT_STRESS);

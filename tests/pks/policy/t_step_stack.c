// SPDX-License-Identifier: MIT
/*
 * Pardoned instructions that change the stack pointer, the flags or SS. A stack under a denied key
 * cannot take an exception, so only the lowest word of the protected page is pushed or popped: the
 * frames of the fault and of the #DB lie below it, in an ordinary page.
 */
#define KTEST_SUITE "step"

#include "kernel/cpu/extable.h"
#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "tests/harness/probe.h"
#include "tests/pks/policy/step_check.h"

extern const char step_target[], step_iret_target[];
asm(".pushsection .text\n"
    "step_target:\n\t"
    "incq %rax\n\t"
    "ret\n"
    ".popsection");

static void memory_operands_are_stepped(void)
{
	u64 value;

	if (!step_area_get())
		return;
	step_poke(area.a, 77);
	asm volatile("pushq (%1)\n\tpopq %0" : "=r"(value) : "r"(area.a) : "memory");
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(value, 77);
	asm volatile("pushq $78\n\tpopq (%0)" : : "r"(area.a) : "memory");
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(step_peek(area.a), 78);
	step_poke(area.a, (u64)step_target);
	value = 1;
	asm volatile("call *(%1)" : "+a"(value) : "r"(area.a) : "memory", "cc");
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(value, 2);
	asm volatile("leaq 1f(%%rip), %%rcx\n\tpushq %%rcx\n\tjmp *(%1)\n1:"
		     : "+a"(value)
		     : "r"(area.a)
		     : "rcx", "memory", "cc");
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(value, 3);
	step_area_put();
}
KTEST(memory_operands_are_stepped, KT_PKS | KT_STRESS);

/* Runs one instruction with RSP = `rsp`; `after`: RSP after it. Interrupts off. */
#define ON_STACK(rsp, insn, after)                            \
	asm volatile("mov %%rsp, %%rbx\n\t"                   \
		     "mov %1, %%rsp\n\t" insn "\n\t"          \
		     "mov %%rsp, %0\n\t"                      \
		     "mov %%rbx, %%rsp"                       \
		     : "=&r"(after)                           \
		     : "r"((u64)(rsp)), "a"((u64)step_target) \
		     : "rbx", "memory", "cc")

static void push_and_pop_are_stepped(void)
{
	u64 flags, after;

	if (!step_area_get())
		return;
	flags = irq_save();
	ON_STACK(area.a + 8, "push %%rax", after);
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(after, area.a);
	ON_STACK(area.a, "pop %%rax", after);
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(after, area.a + 8);
	ON_STACK(area.a + 8, "call 1f\n1:", after);
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(after, area.a);
	irq_restore(flags);
	step_area_put();
}
KTEST(push_and_pop_are_stepped, KT_PKS);

/* PUSHF must not show the TF that the kernel has set for the step. */
static void pushf_hides_the_trap_flag(void)
{
	u64 flags, after;

	if (!step_area_get())
		return;
	flags = irq_save();
	ON_STACK(area.a + 8, "pushfq", after);
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(after, area.a);
	EXPECT_EQ(step_peek(area.a) & (RFLAGS_TF | RFLAGS_IF | RFLAGS_FIXED), RFLAGS_FIXED);
	step_poke(area.a, ~0UL);
	ON_STACK(area.a + 2, "pushfw", after);
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(step_peek(area.a) & (RFLAGS_TF | RFLAGS_FIXED), RFLAGS_FIXED);
	EXPECT_EQ(step_peek(area.a) >> 16, ~0UL >> 16);
	irq_restore(flags);
	step_area_put();
}
KTEST(pushf_hides_the_trap_flag, KT_PKS);

static void popf_is_stepped(void)
{
	u64 flags, after;

	if (!step_area_get())
		return;
	flags = irq_save();
	step_poke(area.a, RFLAGS_FIXED | 1); /* CF */
	asm volatile("mov %%rsp, %%rbx\n\t"
		     "mov %1, %%rsp\n\t"
		     "clc\n\t"
		     "popfq\n\t"
		     "mov %%rbx, %%rsp\n\t"
		     "sbb %0, %0"
		     : "=&r"(after)
		     : "r"(area.a)
		     : "rbx", "memory", "cc");
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(after, ~0UL);
	irq_restore(flags);
	step_area_put();
}
KTEST(popf_is_stepped, KT_PKS);

static struct {
	u32 count;
	u64 rip;
} traps;

static bool note_and_end(struct regs *regs)
{
	traps.count++;
	traps.rip = regs->rip;
	regs->rflags &= ~(u64)RFLAGS_TF;
	return true;
}

/* TF loaded by POPF is its owner's: it traps after the instruction behind POPF. */
static void popf_may_set_the_trap_flag(void)
{
	trap_hook_t before;
	u64 flags, want;

	if (!step_area_get())
		return;
	traps.count = 0;
	before = trap_hook_set(X86_DB, note_and_end);
	flags = irq_save();
	step_poke(area.a, RFLAGS_FIXED | RFLAGS_TF);
	asm volatile("mov %%rsp, %%rbx\n\t"
		     "leaq 1f(%%rip), %0\n\t"
		     "mov %1, %%rsp\n\t"
		     "popfq\n\t"
		     "mov %%rbx, %%rsp\n1:\tnop\n\tnop"
		     : "=&r"(want)
		     : "r"(area.a)
		     : "rbx", "memory", "cc");
	irq_restore(flags);
	trap_hook_set(X86_DB, before);
	EXPECT_EQ(traps.count, 1);
	EXPECT_EQ(traps.rip, want);
	EXPECT_STEPPED(1, 1, 0);
	step_area_put();
}
KTEST(popf_may_set_the_trap_flag, KT_PKS);

/* IRET to the next instruction, with its frame in the protected page. */
static void iret_is_stepped(void)
{
	u64 flags, rsp;

	if (!step_area_get())
		return;
	flags = irq_save();
	asm volatile("lea -256(%%rsp), %0" : "=r"(rsp));
	step_poke(area.a + 8, SEL_KERNEL_CS);
	step_poke(area.a + 16, RFLAGS_FIXED);
	step_poke(area.a + 24, rsp);
	step_poke(area.a + 32, SEL_KERNEL_DS);
	step_poke(area.a, (u64)step_iret_target);
	asm volatile("mov %%rsp, %%rbx\n\t"
		     "mov %1, %%rsp\n\t"
		     "iretq\n"
		     "step_iret_target:\n\t"
		     "mov %%rsp, %0\n\t"
		     "mov %%rbx, %%rsp"
		     : "=&r"(rsp)
		     : "r"(area.a), "0"(rsp)
		     : "rbx", "memory", "cc");
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(rsp, step_peek(area.a + 24));
	irq_restore(flags);
	step_area_put();
}
KTEST(iret_is_stepped, KT_PKS);

/*
 * MOV SS may delay its trap, and so the end of the right, until after the next instruction (SDM
 * Vol. 3A, "Masking Exceptions and Interrupts When Switching Stacks"). Either way the right is gone
 * then, even if that instruction faults before the trap.
 */
static void mov_ss_is_stepped(void)
{
	u64 ss = SEL_KERNEL_DS;

	if (!step_area_get())
		return;
	step_poke(area.a, ss);
	asm volatile("mov (%0), %%ss\n\tnop\n\tnop" : : "r"(area.a) : "memory");
	EXPECT_STEPPED(1, 1, 0);
	asm volatile("mov (%0), %%ss\n\tmovq $1, (%1)\n\tnop"
		     :
		     : "r"(area.a), "r"(area.b)
		     : "memory");
	EXPECT_STEPPED(2, 2, 0);
	EXPECT_EQ(step_peek(area.b), 1);
	asm volatile("mov (%0), %%ss\n1:\tmovq $1, (%1)\n2:\n" EXTABLE("1b", "2b", "%c[keep]")
		     :
		     : "r"(area.a), "r"(NOWHERE), [keep] "i"(EX_KEEP)
		     : "memory");
	EXPECT_STEPPED(1, 1, 0);
	step_area_put();
}
KTEST(mov_ss_is_stepped, KT_PKS | KT_STRESS);

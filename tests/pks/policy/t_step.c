// SPDX-License-Identifier: MIT
/*
 * A pardon for one instruction ends with that instruction, whichever it is. What this cannot know:
 * instructions that access memory in special ways (VMX, SGX). INT n cannot be pardoned: to fault on
 * a key it would have to read the IDT or push on a stack, and then the fault itself could not be
 * delivered.
 */
#define KTEST_SUITE "step"

#include "kernel/cpu/insn.h"
#include "kernel/cpu/trace.h"
#include "mm/kmap/kmap.h"
#include "pks/policy/fault.h"
#include "tests/harness/probe.h"
#include "tests/pks/policy/step_check.h"

static void loads_and_stores_are_stepped(void)
{
	u64 value;

	if (!step_area_get())
		return;
	step_poke(area.a, 7);
	asm volatile("movq (%1), %0" : "=r"(value) : "r"(area.a) : "memory");
	EXPECT_EQ(value, 7);
	EXPECT_STEPPED(1, 1, 0);
	asm volatile("movb $9, (%0)" : : "r"(area.a) : "memory");
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(step_peek(area.a), 9);
	asm volatile("movq $1, (%0)\n\tmovq $2, (%0)" : : "r"(area.a) : "memory");
	EXPECT_STEPPED(2, 2, 0); /* the first pardon does not cover the second */
	step_area_put();
}
KTEST(loads_and_stores_are_stepped, KT_PKS | KT_STRESS);

/* One instruction on two pages of two keys: the second fault adds to the first pardon. */
static void an_access_across_two_pages_is_stepped(void)
{
	u64 value;

	if (!step_area_get())
		return;
	asm volatile("movq %1, (%0)" : : "r"(area.b - 3), "r"(0x8877665544332211) : "memory");
	EXPECT_STEPPED(2, 1, 0);
	EXPECT_EQ(step_peek(area.b - 8) >> 40, 0x332211);
	EXPECT_EQ(step_peek(area.b), 0x8877665544);
	asm volatile("movq (%1), %0" : "=r"(value) : "r"(area.b - 3) : "memory");
	EXPECT_EQ(value, 0x8877665544332211);
	EXPECT_STEPPED(2, 1, 0);
	asm volatile("lock addq $1, (%0)" : : "r"(area.b - 3) : "memory", "cc");
	EXPECT_STEPPED(2, 1, 0);
	asm volatile("movsq" : : "S"(area.a), "D"(area.b) : "memory");
	EXPECT_STEPPED(2, 1, 0); /* from one page to the other */
	step_area_put();
}
KTEST(an_access_across_two_pages_is_stepped, KT_PKS | KT_STRESS);

/* A string instruction is pardoned once for each key, however many iterations it has. */
static void string_instructions_are_stepped(void)
{
	u64 from, to, count;

	if (!step_area_get())
		return;
	to = area.b - 40, count = 80;
	asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0x5a) : "memory");
	EXPECT_STEPPED(2, 1, 0);
	EXPECT_EQ(to, area.b + 40);
	EXPECT_EQ(count, 0);
	EXPECT_EQ(step_peek(area.b + 32), 0x5a5a5a5a5a5a5a5a);
	EXPECT_EQ(step_peek(area.b + 40), 0);
	from = area.b - 8, to = area.a, count = 3;
	asm volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
	EXPECT_STEPPED(2, 1, 0);
	EXPECT_EQ(step_peek(area.a + 16), 0x5a5a5a5a5a5a5a5a);
	step_poke(area.a + 4, 0);
	from = area.b, to = area.a, count = 8;
	asm volatile("repe cmpsb" : "+S"(from), "+D"(to), "+c"(count) : : "memory", "cc");
	EXPECT_STEPPED(2, 1, 0);
	EXPECT_EQ(count, 3); /* it ended early */
	to = area.a, count = 0;
	asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(1) : "memory");
	EXPECT_STEPPED(0, 0, 0); /* nothing was accessed */
	asm volatile("stosb; stosb" : "+D"(to) : "a"(1) : "memory");
	EXPECT_STEPPED(2, 2, 0);
	step_area_put();
}
KTEST(string_instructions_are_stepped, KT_PKS | KT_STRESS);

static void read_modify_writes_are_stepped(void)
{
	u64 old = 5;

	if (!step_area_get())
		return;
	asm volatile("addq $3, (%0)" : : "r"(area.a) : "memory", "cc");
	EXPECT_STEPPED(1, 1, 0);
	asm volatile("lock addq $2, (%0)" : : "r"(area.a) : "memory", "cc");
	EXPECT_STEPPED(1, 1, 0);
	asm volatile("lock cmpxchgq %2, (%1)" : "+a"(old) : "r"(area.a), "r"(8UL) : "memory", "cc");
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(step_peek(area.a), 8);
	asm volatile("lock cmpxchgq %2, (%1)" : "+a"(old) : "r"(area.a), "r"(9UL) : "memory", "cc");
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(old, 8); /* it failed */
	EXPECT_EQ(step_peek(area.a), 8);
	old = 1;
	asm volatile("xchgq %0, (%1)" : "+r"(old) : "r"(area.a) : "memory");
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(old, 8);
	asm volatile("lock xaddq %0, (%1)" : "+r"(old) : "r"(area.a) : "memory", "cc");
	EXPECT_EQ(step_peek(area.a), 9);
	EXPECT_STEPPED(1, 1, 0);
	step_area_put();
}
KTEST(read_modify_writes_are_stepped, KT_PKS | KT_STRESS);

/* The trace has the stepped instruction's address and the rights taken back. */
static void the_end_of_a_step_is_traced(void)
{
	u32 cpu = this_cpu()->id;
	struct trace_event e = { 0 };
	bool was_on = trace_on;
	u64 rip, flags, last;

	SKIP_IF(options.trace, "trace=on: other events come in between");
	if (!step_area_get())
		return;
	flags = irq_save();
	trace_on = true;
	asm volatile("leaq 1f(%%rip), %0\n1:\tmovq $1, (%1)" : "=&r"(rip) : "r"(area.a) : "memory");
	trace_on = was_on;
	last = trace_count(cpu);
	irq_restore(flags);
	EXPECT(trace_read(cpu, last, &e));
	EXPECT_EQ(e.type, TRACE_STEP_END);
	EXPECT_EQ(e.a, rip);
	EXPECT_EQ(e.b, pkrs_mask(PKS_KEY_DEVMAP));
	EXPECT_STEPPED(1, 1, 0);
	step_area_put();
}
KTEST(the_end_of_a_step_is_traced, KT_PKS);

/* A step does not take back a right that the context had before. */
static void a_step_takes_back_only_what_it_opened(void)
{
	if (!step_area_get())
		return;
	rights_set(PKRS_INIT & ~(1u << 2 * PKS_KEY_DEVMAP));
	asm volatile("movq $1, (%0)" : : "r"(area.a) : "memory"); /* denied by WD */
	EXPECT_RIGHTS(PKRS_INIT & ~(1u << 2 * PKS_KEY_DEVMAP));
	rights_set(PKRS_INIT);
	EXPECT_STEPPED(1, 1, 0);
	step_area_put();
}
KTEST(a_step_takes_back_only_what_it_opened, KT_PKS);

/* A step needs IRET, and the kernel returns to the machine check's stack without it. */
static void in_context(void *arg)
{
	bool for_context = (enum test_context)(u64)arg == IN_MC;

	asm volatile("movq $1, (%0)" : : "r"(area.a) : "memory");
	if (for_context)
		EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	else
		EXPECT_RIGHTS(PKRS_INIT);
	asm volatile("movq $1, (%0)" : : "r"(area.a) : "memory");
}

static void all_contexts_but_the_machine_check_step(void)
{
	if (!step_area_get())
		return;
	for (u64 c = 0; c < TEST_CONTEXTS; c++) {
		run_in((enum test_context)c, in_context, (void *)c);
		if (c == IN_MC)
			EXPECT_STEPPED(0, 0, 1);
		else
			EXPECT_STEPPED(2, 2, 0);
	}
	step_area_put();
}
KTEST(all_contexts_but_the_machine_check_step, KT_PKS | KT_STRESS);

/* With gate=any an unmarked device page is stepped too. */
static void an_unmarked_page_needs_gate_any(void)
{
	if (!step_area_get())
		return;
	kunmap(area.pages + STEP_FREE);
	EXPECT(policy_write((void *)area.a).vector == X86_PF);
	EXPECT_STEPPED(0, 0, 0);
	policy_gate_set(PKS_GATE_ANY);
	EXPECT_NO_FAULT(policy_write((void *)area.a), "any device page");
	EXPECT_STEPPED(1, 1, 0);
	kmap(area.pages + STEP_FREE);
	step_area_put();
}
KTEST(an_unmarked_page_needs_gate_any, KT_PKS);

// SPDX-License-Identifier: MIT
/* A pardoned instruction that then raises another fault, and pardons nested in that fault. */
#define KTEST_SUITE "step"

#include "kernel/cpu/local.h"
#include "kernel/exception.h"
#include "kernel/thread.h"
#include "tests/harness/probe.h"
#include "tests/pks/policy/step_check.h"

/* Loads from the page, then stores to `to`. *after: the rights at the fixup's first instruction. */
PROBE struct fault load_and_store(u64 from, u64 to, u32 *after)
{
	struct fault f = { .vector = FAULT_NONE, .pkrs = from };

	asm volatile("1: movsq\n"
		     "2: movl %%gs:%c[mirror], %[after]\n" EXTABLE("1b", "2b", KIND_DIE)
		     : FAULT_OPERANDS(f), "+D"(to), [after] "=r"(*after)
		     : [mirror] "i"(CPU_PKRS)
		     : "memory");
	return f;
}

PROBE struct fault load_ss(u64 from)
{
	struct fault f = { .vector = FAULT_NONE };

	ACCESS(KIND_DIE, "movw (%[p]), %%ss", f, [p] "+r"(from) :);
	return f;
}

PROBE struct fault divide(u64 by, u64 high)
{
	struct fault f = { .vector = FAULT_NONE, .error = high };

	ACCESS(KIND_DIE, "divq (%[p])", f, [p] "+r"(by) :);
	return f;
}

/* The pardoned instruction raises another fault, which ends at a fixup. */
static void another_fault_ends_at_a_fixup(void)
{
	struct fault f;
	u32 after;

	if (!step_area_get())
		return;
	f = load_and_store(area.a, NOWHERE, &after);
	EXPECT_EQ(after, PKRS_INIT);
	EXPECT_PAGE_FAULT(f, PF_W, NOWHERE, "P = 0");
	EXPECT_STEPPED(1, 1, 0);
	EXPECT_EQ(f.pkrs, WITH_KEY(PKS_KEY_DEVMAP)); /* the right was open at the fault */
	step_poke(area.a, 0xfff8);
	f = load_ss(area.a);
	EXPECT_VECTOR(f, X86_GP, 0xfff8, "no such selector");
	EXPECT_STEPPED(1, 1, 0);
	step_poke(area.a, 0);
	f = divide(area.a, 0);
	EXPECT_EQ(f.vector, X86_DE);
	EXPECT_STEPPED(1, 1, 0);
	step_area_put();
}
KTEST(another_fault_ends_at_a_fixup, KT_PKS | KT_STRESS);

static struct {
	u32 runs;
	u64 rflags, pkrs;
} repair;

/* Makes the quotient fit and repeats the instruction. */
static bool on_overflow(struct regs *regs)
{
	repair.runs++;
	repair.rflags = regs->rflags;
	repair.pkrs = regs_pkrs(regs);
	regs->rdx = 0;
	return true;
}

static void another_fault_is_repaired(void)
{
	u64 high = 5, low = 12;

	if (!step_area_get())
		return;
	repair.runs = 0;
	step_poke(area.a, 3);
	trap_hook_set(X86_DE, on_overflow);
	asm volatile("divq (%2)" : "+d"(high), "+a"(low) : "r"(area.a) : "memory", "cc");
	trap_hook_set(X86_DE, NULL);
	EXPECT_EQ(low, 4);
	EXPECT_EQ(repair.runs, 1);
	EXPECT_EQ(repair.pkrs, WITH_KEY(PKS_KEY_DEVMAP));
	EXPECT(repair.rflags & RFLAGS_TF);
	EXPECT_STEPPED(1, 1, 0); /* no second pardon was needed */
	step_area_put();
}
KTEST(another_fault_is_repaired, KT_PKS | KT_STRESS);

static int die_stepped(void *arg)
{
	(void)arg;
	step_poke(area.a, 0);
	asm volatile("divq (%0)" : : "r"(area.a) : "rax", "rdx", "memory", "cc");
	return 0;
}

static void another_fault_kills_the_thread(void)
{
	struct thread *t;

	if (!step_area_get())
		return;
	t = thread_prepare("dies", die_stepped, NULL);
	if (EXPECT(t)) {
		t->expects_death = true;
		thread_launch(t);
		EXPECT(thread_join(t).died);
	}
	EXPECT_STEPPED(1, 0, 0);
	asm volatile("movq $1, (%0)" : : "r"(area.a) : "memory");
	EXPECT_STEPPED(1, 1, 0);
	step_area_put();
}
KTEST(another_fault_kills_the_thread, KT_PKS);

static volatile u32 deepest;

/* The #DE of a pardoned divide: divides again, one level deeper, then goes to the fixup. */
static bool divide_deeper(struct regs *regs)
{
	u32 level = this_local()->steps;

	(void)regs;
	EXPECT_RIGHTS(PKRS_INIT);
	expect_denied(__FILE__, __LINE__, (volatile u64 *)area.b);
	if (deepest++ < LOCAL_STEPS) {
		divide(area.a, 0);
		/* the last pardon is for the context: open until that ends */
		EXPECT_RIGHTS(deepest > LOCAL_STEPS && level == LOCAL_STEPS
				      ? WITH_KEY(PKS_KEY_DEVMAP)
				      : PKRS_INIT);
	}
	return false; /* to the fixup */
}

/* Each level has a pending step; without room for one the pardon is for the context. */
static void steps_nest(void)
{
	if (!step_area_get())
		return;
	step_poke(area.a, 0);
	deepest = 0;
	trap_hook_set(X86_DE, divide_deeper);
	EXPECT_EQ(divide(area.a, 0).vector, X86_DE);
	trap_hook_set(X86_DE, NULL);
	EXPECT_EQ(deepest, LOCAL_STEPS + 1);
	EXPECT_STEPPED(LOCAL_STEPS, LOCAL_STEPS, 1);
	step_area_put();
}
KTEST(steps_nest, KT_PKS | KT_STRESS);

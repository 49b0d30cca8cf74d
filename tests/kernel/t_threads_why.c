// SPDX-License-Identifier: MIT
/* What is said of who dies and of who runs: the reason of a death, its fault, a thread's number. */
#define KTEST_SUITE "threads"

#include "kernel/console/console.h"
#include "kernel/cpu/layout.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

static int read_at(void *arg)
{
	return *(volatile u8 *)arg;
}

/* A thread that reads there dies, and for this reason. */
static void expect_why(u64 addr, const char *why)
{
	struct thread *t = thread_prepare("reader", read_at, (void *)addr);
	struct thread_end end;

	REQUIRE(t);
	t->expects_death = true;
	thread_launch(t);
	end = thread_join(t);
	if (!EXPECT(end.died && !strcmp(end.why, why)))
		pr("# a read at %016lx: %s instead of: %s\n", addr, end.died ? end.why : "no death",
		   why);
	EXPECT_EQ(end.fault.vector, X86_PF);
	EXPECT_EQ(end.fault.addr, addr);
}

static void a_death_says_why(void)
{
	struct prot_page p;

	expect_why(0, "NULL pointer");
	expect_why(PAGE_SIZE - 1, "NULL pointer");
	expect_why(PAGE_SIZE, "page fault");
	expect_why((u64)current_thread()->stack - 1, "a stack has overflowed into its guard page");
	expect_why(NOWHERE, "page fault");
	if (!pks_on() || !prot_page_get(&p, PKS_KEY_DEVMAP))
		return;
	policy_set(PKS_MODE_STRICT, PKS_GATE_ANY);
	expect_why((u64)p.va, "a protection key denies the access");
	prot_page_put(&p);
}
KTEST(a_death_says_why, KT_STRESS);

/* CR2 is only a page fault's: what it holds when another exception comes is an older one's. */
static void only_a_page_fault_has_an_address(void)
{
	u64 value;
	struct fault f = probe_read((void *)NOWHERE, &value);

	EXPECT_EQ(f.vector, X86_PF);
	EXPECT_EQ(f.addr, NOWHERE);
	f = probe_read((void *)(1ULL << 63), &value); /* not canonical */
	EXPECT_EQ(f.vector, X86_GP);
	EXPECT_EQ(f.addr, 0);
}
KTEST(only_a_page_fault_has_an_address, KT_STRESS);

static void note_number(void *arg)
{
	*(u32 *)arg = thread_number();
}

static void a_thread_has_a_number_and_an_interrupt_has_none(void)
{
	static const enum test_context without[] = { IN_SOFTIRQ, IN_INTERRUPT, IN_NMI, IN_MC };
	u32 mine = current_thread()->id + 1, number = 0;

	note_number(&number);
	EXPECT_EQ(number, mine);
	run_in(IN_EXCEPTION, note_number, &number);
	EXPECT_EQ(number, mine);
	run_in(IN_THREAD, note_number, &number);
	EXPECT(number > mine); /* a newer thread */
	for (u32 i = 0; i < ARRAY_SIZE(without); i++) {
		number = mine;
		run_in(without[i], note_number, &number);
		EXPECT_EQ(number, 0);
	}
}
KTEST(a_thread_has_a_number_and_an_interrupt_has_none, KT_STRESS);

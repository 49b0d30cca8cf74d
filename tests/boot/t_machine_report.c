// SPDX-License-Identifier: MIT
/*
 * Symbols and frame chains, which reports rely on, and the clock. What this cannot know: whether a
 * reader understands a report, and how exact the clock is: only that it does not go back and that
 * a sleep is not too short by it.
 */
#define KTEST_SUITE "machine"

#include "kernel/backtrace.h"
#include "kernel/cpu/layout.h"
#include "kernel/cpu/regs.h"
#include "kernel/lib/ksyms.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "mm/stack.h"
#include "tests/harness/contexts.h"
#include "tests/harness/expect.h"

extern char text_start[], text_end[], data_start[];

static bool symbol_is(u64 addr, const char *want)
{
	const char *name = "";
	u64 offset, size;

	return ksym_lookup(addr, &name, &offset, &size) && offset < size && !strcmp(name, want);
}

static void an_address_has_a_symbol(void)
{
	u64 addr = (u64)thread_create, offset = 1, size = 0;
	const char *name = "";
	char text[80], want[80];

	REQUIRE(ksym_lookup(addr, &name, &offset, &size));
	EXPECT_EQ(offset, 0);
	EXPECT(!strcmp(name, "thread_create"));
	EXPECT(symbol_is(addr + size - 1, "thread_create"));
	EXPECT(!symbol_is(addr + size, "thread_create"));
	EXPECT(!symbol_is(addr - 1, "thread_create"));
	ksnprintf(want, sizeof(want), "thread_create+0x2/0x%lx", size);
	ksnprintf(text, sizeof(text),
		  "%p"
		  "S",
		  (void *)(addr + 2));
	EXPECT(!strcmp(text, want));
}
KTEST(an_address_has_a_symbol, 0);

static void addresses_outside_text_have_no_symbol(void)
{
	const char *name;
	u64 offset, size;

	EXPECT(ksym_lookup((u64)text_start, &name, &offset, &size));
	EXPECT(ksym_lookup((u64)text_end - 1, &name, &offset, &size));
	EXPECT(!ksym_lookup((u64)text_end, &name, &offset, &size));
	EXPECT(!ksym_lookup((u64)text_start - 1, &name, &offset, &size));
	EXPECT(!ksym_lookup((u64)data_start, &name, &offset, &size));
	EXPECT(!ksym_lookup(0, &name, &offset, &size));
	EXPECT(!ksym_lookup(~0ULL, &name, &offset, &size));
	EXPECT(!ksym_lookup(DIRECT_BASE, &name, &offset, &size));
}
KTEST(addresses_outside_text_have_no_symbol, 0);

/* Walks the frames as a backtrace does, up to thread_main(); each is on this stack. */
static void frames_lead_to_thread_main(void)
{
	const u64 *frame = __builtin_frame_address(0);
	bool test_thread = false, thread_main = false;
	u32 depth = 0;

	for (; frame && depth < 8; depth++) {
		REQUIRE(stack_contains((u64)frame, 16));
		test_thread |= symbol_is(frame[1], "test_thread");
		thread_main |= symbol_is(frame[1], "thread_main");
		frame = (const u64 *)frame[0];
	}
	EXPECT(test_thread);
	EXPECT(thread_main);
	EXPECT_EQ((u64)frame, 0); /* the chain has an end */
}
KTEST(frames_lead_to_thread_main, 0);

struct trap_seen {
	bool found;
	u64 vector, rip, rsp, from;
};

static __attribute__((noinline)) void look_for_a_trap(void *arg)
{
	struct trap_seen *seen = arg;
	const struct regs *trap = backtrace_trap((u64)__builtin_frame_address(0));

	seen->found = trap != NULL;
	seen->from = (u64)__builtin_frame_address(0);
	if (trap) {
		seen->vector = trap->vector;
		seen->rip = trap->rip;
		seen->rsp = trap->rsp;
	}
}

static void frames_lead_to_the_trap_that_is_handled(void)
{
	struct trap_seen seen;

	run_in(IN_THREAD, look_for_a_trap, &seen);
	EXPECT(!seen.found);
	run_in(IN_EXCEPTION, look_for_a_trap, &seen);
	REQUIRE(seen.found);
	EXPECT_EQ(seen.vector, X86_BP);
	EXPECT(seen.rip > (u64)text_start && seen.rip < (u64)text_end && seen.rsp > seen.from);
	run_in(IN_INTERRUPT, look_for_a_trap, &seen);
	REQUIRE(seen.found);
	EXPECT(seen.vector >= X86_EXCEPTIONS);
	EXPECT(seen.rip > (u64)text_start && seen.rip < (u64)text_end && seen.rsp > seen.from);
}
KTEST(frames_lead_to_the_trap_that_is_handled, 0);

static void clock_does_not_go_back(void)
{
	u64 start = now_ns(), last = start, backwards = 0;

	for (u32 i = 0; i < 2000; i++) {
		u64 now = now_ns();

		backwards += now < last;
		last = now;
	}
	EXPECT_EQ(backwards, 0);
	EXPECT(last > start);
}
KTEST(clock_does_not_go_back, KT_STRESS);

static void a_sleep_is_not_too_short(void)
{
	static const u64 lengths[] = { 0, 1, 100000, 1000000, 2500000 };

	for (u32 i = 0; i < ARRAY_SIZE(lengths); i++) {
		u64 start = now_ns();

		thread_sleep(lengths[i]);
		EXPECT(now_ns() - start >= lengths[i]);
	}
}
KTEST(a_sleep_is_not_too_short, 0);

// SPDX-License-Identifier: MIT
/* A new thread starts with RFLAGS of its own, whatever those of the thread that ran before it. */
#define KTEST_SUITE "threads"

#include "kernel/cpu/insn.h"
#include "kernel/thread.h"
#include "tests/harness/expect.h"
#include "tests/harness/inject.h"

#define NOT_INHERITED (RFLAGS_TF | RFLAGS_NT | RFLAGS_AC | RFLAGS_DF | RFLAGS_IOPL)

static int first_flags(void *arg)
{
	(void)arg;
	return (int)read_flags();
}

static void start_one(void *arg)
{
	struct thread *t = thread_create("flags", first_flags, NULL);

	*(int *)arg = t ? thread_join(t).code : -1;
}

static void with_flags(u64 flags, int *found)
{
	u64 mine = read_flags();

	irq_restore(mine | flags);
	start_one(found);
	irq_restore(mine);
}

static bool handled(struct regs *regs)
{
	(void)regs;
	return true;
}

static void a_thread_starts_with_clean_flags(void)
{
	static const u64 flags[] = { 0, RFLAGS_AC, RFLAGS_NT, RFLAGS_IOPL,
				     RFLAGS_AC | RFLAGS_NT | RFLAGS_IOPL };
	int found;

	for (u32 i = 0; i < ARRAY_SIZE(flags); i++) {
		with_flags(flags[i], &found);
		EXPECT_EQ((u64)found & (NOT_INHERITED | RFLAGS_IF), RFLAGS_IF);
	}
	EXPECT(single_step(start_one, &found, handled) > 50);
	EXPECT_EQ((u64)found & (NOT_INHERITED | RFLAGS_IF), RFLAGS_IF);
}
KTEST(a_thread_starts_with_clean_flags, KT_STRESS);

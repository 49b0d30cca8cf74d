// SPDX-License-Identifier: MIT
/*
 * RFLAGS of interrupted kernel code: no C code runs with DF, TF or NT of another context, and the
 * interrupted code goes on with its own. What this cannot know: page faults, whose handler has no
 * hook; they enter as the other exceptions do.
 */
#define KTEST_SUITE "contexts"

#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "tests/harness/fixture.h"

static struct {
	u64 handler; /* RFLAGS in the handler */
	u64 frame;   /* and in its frame */
	u32 runs;
} seen;

static bool note(struct regs *regs)
{
	seen.handler = read_flags();
	seen.frame = regs->rflags;
	seen.runs++;
	return true;
}

/* Raises vector `n` with `flag` set; `after`: RFLAGS after its return. No C code in between. */
#define RAISE(n, flag, after)                               \
	asm volatile("pushfq; orq %2, (%%rsp); popfq\n\t"   \
		     "int %1\n\t"                           \
		     "pushfq; popq %0\n\t"                  \
		     "pushfq; andq %3, (%%rsp); popfq"      \
		     : "=r"(after)                          \
		     : "i"(n), "i"(flag), "i"(~(s64)(flag)) \
		     : "memory", "cc")

static void check(u32 vector, u64 flag, u64 after)
{
	(void)vector;
	EXPECT_EQ(seen.runs, 1);
	EXPECT_EQ(seen.handler & (RFLAGS_DF | RFLAGS_TF | RFLAGS_NT), 0);
	EXPECT_EQ(seen.frame & (RFLAGS_DF | RFLAGS_NT | RFLAGS_AC), flag);
	EXPECT_EQ(after & (RFLAGS_DF | RFLAGS_NT | RFLAGS_AC), flag);
	seen.runs = 0;
}

#define TRY(n, flag)                   \
	do {                           \
		u64 after;             \
		RAISE(n, flag, after); \
		check(n, flag, after); \
	} while (0)

#define TRY_FLAGS(n)                                       \
	do {                                               \
		TRY(n, RFLAGS_DF);                         \
		TRY(n, RFLAGS_NT);                         \
		TRY(n, RFLAGS_AC);                         \
		TRY(n, RFLAGS_DF | RFLAGS_NT | RFLAGS_AC); \
	} while (0)

/* Also in an NMI and a machine check, to which a trap returns without IRET. */
static void raise_all(void *arg)
{
	(void)arg;
	TRY_FLAGS(X86_BP);
	TRY_FLAGS(VECTOR_TEST);
}

static void raise_machine_check(void *arg)
{
	(void)arg;
	TRY_FLAGS(X86_MC);
	EXPECT_EQ(seen.handler & RFLAGS_AC, 0);
}

static void direction_and_nesting_flags_stay_with_their_context(void)
{
	static const u32 vectors[] = { X86_BP, VECTOR_TEST, X86_MC };
	trap_hook_t before[ARRAY_SIZE(vectors)];

	for (u32 c = IN_THREAD; c < TEST_CONTEXTS; c++) {
		if (c == IN_INTERRUPT || c == IN_EXCEPTION)
			continue; /* their hooks are what this test replaces */
		for (u32 i = 0; i < ARRAY_SIZE(vectors); i++)
			before[i] = trap_hook_set(vectors[i], note);
		seen.runs = 0;
		if (c == IN_MC) {
			raise_all(NULL);
			raise_machine_check(NULL);
		} else {
			run_in((enum test_context)c, raise_all, NULL);
		}
		if (c == IN_NMI)
			run_in(IN_NMI, raise_machine_check, NULL);
		for (u32 i = 0; i < ARRAY_SIZE(vectors); i++)
			trap_hook_set(vectors[i], before[i]);
	}
}
KTEST(direction_and_nesting_flags_stay_with_their_context, 0);

// SPDX-License-Identifier: MIT
/*
 * RFLAGS that user mode brings along: the kernel runs with its own, and user mode goes on with
 * those it had. What this cannot know: an NMI in the few kernel instructions around SWAPGS.
 */
#define KTEST_SUITE "user"

#include "kernel/exception.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "tests/harness/access.h"
#include "tests/harness/inject.h"
#include "tests/harness/user.h"

#define KERNEL_FLAGS (RFLAGS_TF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC | RFLAGS_IOPL)

static struct {
	trap_hook_t tick;
	u64 flags; /* what the user program has set */
	u32 ticks, nmis, steps, kernel_steps, breaks, calls;
} user;

static bool check_frame(const struct regs *regs)
{
	EXPECT_EQ(read_flags() & KERNEL_FLAGS, 0);
	if (regs_user(regs))
		EXPECT_EQ(regs->rflags & USER_FLAGS & ~user.flags, 0);
	return regs_user(regs);
}

static bool on_break(struct regs *regs)
{
	EXPECT(check_frame(regs));
	EXPECT_EQ(regs->rflags & USER_FLAGS, user.flags);
	user.breaks++;
	return true;
}

static bool on_step(struct regs *regs)
{
	user.steps++;
	user.kernel_steps += !check_frame(regs);
	return true;
}

static bool on_nmi(struct regs *regs)
{
	user.nmis += check_frame(regs);
	return true;
}

static bool on_tick(struct regs *regs)
{
	if (check_frame(regs)) {
		user.ticks++;
		nmi_at_iret(on_nmi);
	}
	return user.tick(regs);
}

static u64 on_call(u64 arg)
{
	EXPECT_EQ(read_flags() & KERNEL_FLAGS, 0);
	EXPECT(read_flags() & RFLAGS_IF);
	user.calls++;
	return arg;
}

static void hooks_set(void)
{
	u64 flags = irq_save();

	trap_hook_set(X86_BP, on_break);
	trap_hook_set(X86_DB, on_step);
	user.tick = trap_hook_get(VECTOR_TIMER);
	trap_hook_set(VECTOR_TIMER, on_tick);
	syscall_test_hook_set(on_call);
	irq_restore(flags);
	tick_set(20000, true);
}

static void hooks_reset(void)
{
	syscall_test_hook_set(NULL);
	trap_hook_set(VECTOR_TIMER, user.tick);
	trap_hook_set(X86_NMI, NULL);
	trap_hook_set(X86_DB, NULL);
	trap_hook_set(X86_BP, NULL);
}

/* Runs until ticks and NMIs have come in user mode; the machine decides how soon. */
static void run_with(struct uspace *us, u64 flags)
{
	u64 loops = flags & RFLAGS_TF ? 500 : 20000;
	u32 tries = 0;

	user.flags = flags;
	user.ticks = user.nmis = user.steps = user.kernel_steps = user.breaks = user.calls = 0;
	do {
		struct thread_end end = run_in_user_mode(us, user_flags, loops << 32 | flags);

		if (!EXPECT(!end.died) || !EXPECT_EQ(end.code, 0))
			return;
		tries++;
		EXPECT_EQ(user.breaks, tries);
		EXPECT_EQ(user.calls, tries);
		EXPECT_EQ(user.steps > 0, !!(flags & RFLAGS_TF));
	} while (READ_ONCE(user.ticks) < 3 || READ_ONCE(user.nmis) < 3);
}

static void flags_of_user_mode_end_at_the_kernels_edge(void)
{
	static const u64 flags[] = { 0,         RFLAGS_AC, RFLAGS_NT,
				     RFLAGS_DF, RFLAGS_ID, USER_FLAGS & ~RFLAGS_TF };
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	hooks_set();
	for (u32 i = 0; i < ARRAY_SIZE(flags); i++)
		run_with(&us, flags[i]);
	hooks_reset();
	uspace_destroy(&us);
}
KTEST(flags_of_user_mode_end_at_the_kernels_edge, KT_ONE_CPU);

#define GATE_IST 4 /* the byte of a gate that names its IST stack; SDM, "64-Bit Mode IDT" */

/* Sets the IST stack of the #DB's gate, counted from 1; 0: none. Returns the one before. */
static u8 set_debug_stack(u8 ist)
{
	struct {
		u16 limit;
		u8 (*gates)[16];
	} __attribute__((packed)) idt;
	u8 before;

	asm volatile("sidt %0" : "=m"(idt));
	before = idt.gates[X86_DB][GATE_IST];
	idt.gates[X86_DB][GATE_IST] = ist;
	return before;
}

/*
 * SYSCALL clears TF by SFMASK, and the flags that result say whether it ends in a #DB. A #DB at the
 * entry's first instruction would be pushed on the user's stack: here it has the machine check's.
 */
static void the_trap_flag_of_user_mode_traps_only_there(void)
{
	struct uspace us;
	u8 before;

	REQUIRE(!uspace_create(&us));
	hooks_set();
	before = set_debug_stack(IST_MC + 1);
	run_with(&us, RFLAGS_TF);
	EXPECT_EQ(user.kernel_steps, 0);
	run_with(&us, USER_FLAGS);
	EXPECT_EQ(user.kernel_steps, 0);
	set_debug_stack(before);
	hooks_reset();
	uspace_destroy(&us);
}
KTEST(the_trap_flag_of_user_mode_traps_only_there, KT_ONE_CPU);

/* Without a hook, a #DB that a user program brings upon itself ends that program alone. */
static void the_trap_flag_kills_only_its_program(void)
{
	struct thread_end end;
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	end = run_in_user_mode(&us, user_step, 30);
	EXPECT(end.died);
	EXPECT_VECTOR(end.fault, X86_DB, 0, "TF = 1");
	uspace_destroy(&us);
}
KTEST(the_trap_flag_kills_only_its_program, KT_STRESS);

/* SMAP would be off, IRET would fault: a new user thread has none of its creator's flags. */
static void a_user_thread_starts_with_clean_flags(void)
{
	struct thread_end end;
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	asm volatile("pushfq; orq %0, (%%rsp); popfq"
		     :
		     : "i"(RFLAGS_AC | RFLAGS_NT)
		     : "memory", "cc");
	end = run_in_user_mode(&us, user_first_flags, USER_FLAGS | RFLAGS_IF | RFLAGS_IOPL);
	asm volatile("pushfq; andq %0, (%%rsp); popfq"
		     :
		     : "i"(~(RFLAGS_AC | RFLAGS_NT))
		     : "memory", "cc");
	EXPECT(!end.died);
	EXPECT_EQ(end.code, RFLAGS_IF);
	uspace_destroy(&us);
}
KTEST(a_user_thread_starts_with_clean_flags, KT_STRESS);

// SPDX-License-Identifier: MIT
/*
 * Ticks, #DB after each instruction and NMIs at given instructions interrupt user mode. Each
 * handler runs with the kernel's GS and the initial rights. What this cannot know: an NMI in the
 * few kernel instructions around SWAPGS, where the tests can raise no trap.
 */
#define KTEST_SUITE "user"

#include "kernel/exception.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "kernel/uspace.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/harness/user.h"

static struct {
	trap_hook_t tick;
	u32 in_user, nmis, nmis_in_user;
} seen;

/* For a handler that interrupted user mode: both ran with the initial rights. */
static void check_user_frame(const struct regs *regs)
{
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_EQ(regs_pkrs(regs), PKRS_INIT);
	EXPECT(cpus[this_cpu()->id] == this_cpu()); /* GS is the kernel's */
}

static bool tick_looks(struct regs *regs)
{
	if (regs_user(regs)) {
		check_user_frame(regs);
		seen.in_user++;
	}
	return seen.tick(regs);
}

static bool nmi_looks(struct regs *regs)
{
	seen.nmis++;
	if (regs_user(regs)) {
		seen.nmis_in_user++;
		check_user_frame(regs);
	}
	EXPECT_RIGHTS(PKRS_INIT);
	return true;
}

static bool tick_with_nmi(struct regs *regs)
{
	if (regs_user(regs))
		nmi_at_iret(nmi_looks);
	return tick_looks(regs);
}

static void tick_hook(trap_hook_t hook)
{
	u64 flags = irq_save();

	seen.in_user = 0;
	seen.nmis = 0;
	seen.nmis_in_user = 0;
	seen.tick = trap_hook_get(VECTOR_TIMER);
	trap_hook_set(VECTOR_TIMER, hook);
	irq_restore(flags);
	tick_set(20000, true);
}

static void tick_unhook(void)
{
	trap_hook_set(VECTOR_TIMER, seen.tick);
	trap_hook_set(X86_NMI, NULL);
}

static bool run_two(struct uspace *us, void (*program)(u64), u64 arg, int code)
{
	struct thread *t[2];
	bool ok = true;

	for (u32 i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = uspace_thread(us, "user", program, arg);
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		struct thread_end end = { .died = true };

		if (EXPECT(t[i]))
			end = thread_join(t[i]);
		ok &= EXPECT(!end.died) && EXPECT_EQ(end.code, code);
	}
	return ok;
}

/* Runs user mode until *count (ticks or NMIs in it) is 3; the machine decides how soon. */
static void spin_until(struct uspace *us, const u32 *count)
{
	rights_set(0);
	do {
		if (!run_two(us, user_spin, 20000, 20000))
			return;
		EXPECT_RIGHTS(0);
	} while (*(volatile const u32 *)count < 3);
}

static void user_mode_runs_with_the_initial_rights(void)
{
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	tick_hook(tick_looks);
	spin_until(&us, &seen.in_user);
	tick_unhook();
	uspace_destroy(&us);
}
KTEST(user_mode_runs_with_the_initial_rights, KT_PKS | KT_STRESS);

static void an_nmi_in_user_mode_has_the_initial_rights(void)
{
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	tick_hook(tick_with_nmi);
	spin_until(&us, &seen.nmis_in_user);
	tick_unhook();
	EXPECT(seen.nmis_in_user >= 3);
	uspace_destroy(&us);
}
KTEST(an_nmi_in_user_mode_has_the_initial_rights, KT_PKS | KT_STRESS | KT_ONE_CPU);

static u64 grant_and_revoke(u64 arg)
{
	struct pks_token token = pks_grant(KEY_A, PKS_WRITE);

	EXPECT_RIGHTS(WITH_KEY(KEY_A));
	pks_revoke(token);
	EXPECT_RIGHTS(PKRS_INIT);
	return arg;
}

static bool tick_with_nmi_anywhere(struct regs *regs)
{
	nmi_at_iret(nmi_looks);
	return tick_looks(regs);
}

/* NMIs on the way into system calls and out, wherever a tick can come. */
static void system_calls_survive_nmis(void)
{
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	syscall_test_hook_set(grant_and_revoke);
	tick_hook(tick_with_nmi_anywhere);
	do
		run_two(&us, user_test_calls, 20, 190);
	while (*(volatile u32 *)&seen.nmis < 3);
	tick_unhook();
	syscall_test_hook_set(NULL);
	EXPECT(seen.nmis >= 3);
	uspace_destroy(&us);
}
KTEST(system_calls_survive_nmis, KT_PKS | KT_STRESS | KT_ONE_CPU);

static bool step_looks(struct regs *regs)
{
	EXPECT(regs_user(regs));
	check_user_frame(regs);
	seen.in_user++;
	if (seen.in_user % 8 == 0)
		nmi_at_iret(nmi_looks);
	return true;
}

/* #DB enters like an NMI: the entry code must find out whose GS is loaded. */
static void user_mode_survives_single_stepping(void)
{
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	seen.in_user = 0;
	seen.nmis_in_user = 0;
	trap_hook_set(X86_DB, step_looks);
	run_two(&us, user_step, 30, 30);
	trap_hook_set(X86_DB, NULL);
	trap_hook_set(X86_NMI, NULL);
	EXPECT(seen.in_user > 60);
	EXPECT(seen.nmis_in_user > 7);
	uspace_destroy(&us);
}
KTEST(user_mode_survives_single_stepping, KT_PKS);

/* A kernel thread that checks its rights while user threads, which hold none, run. */
static int hold_and_spin(void *arg)
{
	u32 rights = WITH_KEY(KEY_A + (u32)(u64)arg);

	rights_set(rights);
	for (u32 i = 0; i < 30; i++) {
		spin_ns(3000);
		EXPECT_RIGHTS(rights);
		thread_yield();
		EXPECT_RIGHTS(rights);
	}
	return 0;
}

static void kernel_threads_keep_rights_among_user_threads(void)
{
	struct thread *t[2];
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	for (u64 i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = thread_create("kernel", hold_and_spin, (void *)i);
	run_two(&us, user_yield, 30, 0);
	run_two(&us, user_spin, 20000, 20000);
	for (u32 i = 0; i < ARRAY_SIZE(t); i++)
		if (EXPECT(t[i]))
			EXPECT(!thread_join(t[i]).died);
	uspace_destroy(&us);
}
KTEST(kernel_threads_keep_rights_among_user_threads, KT_PKS | KT_STRESS);

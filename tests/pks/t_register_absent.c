// SPDX-License-Identifier: MIT
/*
 * What the kernel does with IA32_PKRS as it detects PKS, and without PKS: then it writes the
 * register nowhere, as the write would be a #GP. An emulator with PKS stands in for a CPU without:
 * pks_present is cleared for a moment, and a value planted in the register must survive. What this
 * cannot know: whether such a CPU faults; bochs-nopks is one.
 */
#define KTEST_SUITE "register"

#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "pks/keys.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"

#define PLANTED (PKRS_INIT ^ (3u << 30)) /* not the mirror's */

static bool change_frame(struct regs *regs)
{
	pks_update_exception(regs, KEY_A, PKS_READWRITE);
	EXPECT_EQ(regs_pkrs(regs), PKRS_INIT);
	return true;
}

static bool nothing(struct regs *regs)
{
	(void)regs;
	return true;
}

static void traps(void)
{
	asm volatile("int3" : : : "memory");
	asm volatile("int %0" : : "i"(VECTOR_TEST) : "memory");
	asm volatile("int %0" : : "i"(X86_NMI) : "memory");
}

static void changes(void)
{
	pks_revoke(pks_grant(KEY_A, PKS_WRITE));
	pks_set_readwrite(KEY_A);
	pks_set_nowrite(KEY_B);
	pks_set_noaccess(PKS_KEY_RO);
	pkrs_exit(pkrs_enter());
	pkrs_recall();
	EXPECT_EQ(rights_mirror(), PKRS_INIT);
	EXPECT_EQ(pkrs_register(), 0);
	EXPECT_EQ(pks_key_alloc("without"), (u64)-ENODEV);
	pkrs_init_cpu();
	pkrs_enforce(false);
	EXPECT(pkrs_enforced());
	pkrs_enforce(true);
}

static volatile bool ready; /* the other thread's interrupts are off */

static int switch_back(void *arg)
{
	(void)arg;
	irq_disable();
	ready = true;
	thread_yield();
	thread_yield(); /* back at once: a tick could switch to a thread with other rights */
	irq_enable();
	return 0;
}

static void nothing_is_written_without_pks(void)
{
	struct thread *t = thread_prepare("other", switch_back, NULL);
	u32 closed = pks_closed;
	u64 flags, seen;

	REQUIRE(t);
	trap_hook_set(X86_BP, change_frame);
	trap_hook_set(VECTOR_TEST, nothing);
	t->pinned = this_cpu();
	ready = false;
	thread_launch(t);
	flags = irq_save();
	while (!ready)
		thread_yield();
	pks_present = false;
	pks_closed = 0;
	wrmsr(MSR_IA32_PKRS, PLANTED);
	traps();
	thread_yield();
	changes();
	seen = rdmsr(MSR_IA32_PKRS);
	pks_present = true;
	pks_closed = closed;
	pkrs_write(PKRS_INIT);
	irq_restore(flags);
	thread_join(t);
	EXPECT_EQ(seen, PLANTED);
	trap_hook_set(VECTOR_TEST, NULL);
	trap_hook_set(X86_BP, NULL);
	EXPECT_RIGHTS(PKRS_INIT);
}
KTEST(nothing_is_written_without_pks, KT_ENFORCED | KT_ONE_CPU);

/* As firmware may leave it: key 0 is denied too. */
static void enforcement_begins_with_the_initial_rights(void)
{
	u64 flags = irq_save();

	pkrs_enforce(false);
	EXPECT(!pkrs_enforced());
	wrmsr(MSR_IA32_PKRS, 0xffffffff);
	pkrs_init_cpu();
	EXPECT(pkrs_enforced());
	EXPECT_RIGHTS(PKRS_INIT);
	irq_restore(flags);
}
KTEST(enforcement_begins_with_the_initial_rights, KT_ENFORCED);

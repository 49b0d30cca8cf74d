// SPDX-License-Identifier: MIT
/*
 * NMI, machine check and #DB can come between any two instructions, also between the two halves of
 * a rights write and with interrupts off. These tests raise them at each instruction in turn. What
 * this cannot know: the entry code itself, which the trap flag does not reach (tests/outside does),
 * and the NMIs of a real machine.
 */
#define KTEST_SUITE "nmi"

#include "kernel/apic.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/harness/probe.h"

static u32 seen(const u32 *n)
{
	return smp_load_acquire(n);
}

static void probe_nowhere(void)
{
	u64 value;

	EXPECT_PAGE_FAULT(probe_read((void *)NOWHERE, &value), 0, NOWHERE, "P = 0");
}

/* With all flags of the arithmetic set: only TF may decide how the trap returns. */
static void breakpoint(void)
{
	asm volatile("pushfq; orq $0x8d5, (%%rsp); popfq; int3" : : : "memory", "cc");
}

static void machine_check(void)
{
	asm volatile("int $18" : : : "memory");
}

/* Where CS does not show whose GS is loaded: it is the user's. */
static void debug_with_user_gs(void)
{
	asm volatile("swapgs; int $1; swapgs" : : : "memory");
}

static void interrupt(void)
{
	asm volatile("int %0" : : "i"(VECTOR_TEST) : "memory");
}

static bool handled(struct regs *regs)
{
	(void)regs;
	return true;
}

static struct {
	void (*trap)(void);
	u32 runs, nested; /* NMIs that ran; those before the first one ended */
} blocking;

/* The first NMI raises a second and takes traps around that, whose IRETs must not unblock it. */
static bool trap_and_raise(struct regs *regs)
{
	(void)regs;
	if (blocking.runs++)
		return true;
	blocking.trap();
	apic_self_nmi();
	for (u32 i = 0; i < 1000; i++)
		cpu_relax();
	blocking.trap();
	for (u32 i = 0; i < 1000; i++)
		cpu_relax();
	blocking.nested = seen(&blocking.runs);
	return true;
}

static void a_trap_in_an_nmi_does_not_unblock_nmis(void)
{
	static void (*const traps[])(void) = { probe_nowhere, breakpoint, machine_check,
					       debug_with_user_gs, interrupt };
	static const u32 vectors[] = { X86_BP, X86_MC, X86_DB, VECTOR_TEST };

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++)
		trap_hook_set(vectors[i], handled);
	trap_hook_set(X86_NMI, trap_and_raise);
	for (u32 i = 0; i < ARRAY_SIZE(traps); i++) {
		blocking.trap = traps[i];
		blocking.runs = 0;
		apic_self_nmi();
		for (u32 spins = 0; seen(&blocking.runs) < 2 && spins < 1000000; spins++)
			cpu_relax();
		EXPECT_EQ(blocking.nested, 1); /* the second did not nest ... */
		EXPECT_EQ(blocking.runs, 2);   /* ... and was not lost */
	}
	trap_hook_set(X86_NMI, NULL);
	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++)
		trap_hook_set(vectors[i], NULL);
}
KTEST(a_trap_in_an_nmi_does_not_unblock_nmis, KT_STRESS);

static void expect_initial(void *arg)
{
	(void)arg;
	EXPECT_RIGHTS(PKRS_INIT);
}

/* Enters context `c` between the halves of pkrs_write(): mirror `after`, register still `before`.
 */
static void interrupt_half_write(enum test_context c, u32 before, u32 after)
{
	u64 flags;

	rights_set(before);
	flags = irq_save();
	this_cpu()->pkrs = after;
	run_in(c, expect_initial, NULL);
	EXPECT_RIGHTS(after);
	wrmsr(MSR_IA32_PKRS, after); /* the second half */
	irq_restore(flags);
	EXPECT_RIGHTS(after);
}

static void a_half_written_register_survives_an_nmi(void)
{
	for (enum test_context c = IN_NMI; c <= IN_MC; c++) {
		interrupt_half_write(c, WITH_KEY(KEY_A), PKRS_INIT);
		interrupt_half_write(c, PKRS_INIT, WITH_KEY(KEY_A));
		interrupt_half_write(c, WITH_KEY(KEY_A), WITH_KEY(KEY_B));
	}
}
KTEST(a_half_written_register_survives_an_nmi, KT_PKS);

static struct {
	u32 nmis, at_wrmsr;
} steps;

static bool check_step(struct regs *regs)
{
	EXPECT_RIGHTS(PKRS_INIT);
	steps.at_wrmsr += at_wrmsr(regs->rip);
	return true;
}

static bool check_nmi(struct regs *regs)
{
	EXPECT_RIGHTS(PKRS_INIT);
	steps.at_wrmsr += at_wrmsr(regs->rip);
	steps.nmis++;
	return true;
}

static bool nmi_after_step(struct regs *regs)
{
	(void)regs;
	nmi_at_iret(check_nmi);
	return true;
}

/* All ways to change the running context's rights. */
static void change_rights(void *arg)
{
	struct pks_token token;

	(void)arg;
	EXPECT_RIGHTS(PKRS_INIT);
	token = pks_grant(KEY_A, PKS_WRITE);
	EXPECT_RIGHTS(WITH_KEY(KEY_A));
	pks_revoke(token);
	EXPECT_RIGHTS(PKRS_INIT);
	pks_set_noaccess(PKS_KEY_RO);
	EXPECT_RIGHTS(PKRS_INIT | 3u << 2 * PKS_KEY_RO);
	pks_set_nowrite(PKS_KEY_RO);
	EXPECT_RIGHTS(PKRS_INIT);
}

static void rights_changes_survive_single_stepping(void)
{
	steps.at_wrmsr = 0;
	EXPECT(single_step(change_rights, NULL, check_step) > 50);
	EXPECT(steps.at_wrmsr >= 4);
}
KTEST(rights_changes_survive_single_stepping, KT_PKS | KT_STRESS);

static void rights_changes_survive_an_nmi_at_each_instruction(void)
{
	u32 n;

	steps.at_wrmsr = 0;
	steps.nmis = 0;
	n = single_step(change_rights, NULL, nmi_after_step);
	trap_hook_set(X86_NMI, NULL);
	EXPECT_EQ(steps.nmis, n);
	EXPECT(steps.at_wrmsr >= 4);
}
KTEST(rights_changes_survive_an_nmi_at_each_instruction, KT_PKS);

static bool partner_ready, partner_leaves;

static int partner(void *arg)
{
	(void)arg;
	rights_set(WITH_KEY(KEY_B));
	partner_ready = true;
	while (!smp_load_acquire(&partner_leaves)) {
		thread_yield();
		EXPECT_RIGHTS(WITH_KEY(KEY_B));
	}
	return 0;
}

static void yield_once(void *arg)
{
	(void)arg;
	thread_yield();
	EXPECT_RIGHTS(WITH_KEY(KEY_A));
}

static void a_thread_switch_survives_an_nmi_at_each_instruction(void)
{
	struct thread *t = thread_prepare("partner", partner, NULL);
	u64 flags;

	REQUIRE(t);
	partner_ready = false;
	partner_leaves = false;
	thread_launch(t);
	rights_set(WITH_KEY(KEY_A));
	while (!smp_load_acquire(&partner_ready))
		thread_yield(); /* step no switch to a thread that starts */
	steps.at_wrmsr = 0;
	flags = irq_save();
	single_step(yield_once, NULL, check_step);
	EXPECT(single_step(yield_once, NULL, nmi_after_step) > 50);
	irq_restore(flags);
	trap_hook_set(X86_NMI, NULL);
	EXPECT_EQ(steps.at_wrmsr, 2); /* the partner's switch back is not stepped */
	partner_leaves = true;
	thread_join(t);
}
KTEST(a_thread_switch_survives_an_nmi_at_each_instruction, KT_PKS);

static trap_hook_t tick;

static bool tick_with_nmi(struct regs *regs)
{
	nmi_at_iret(check_nmi);
	return tick(regs);
}

static void rights_changes_survive_an_nmi_storm(void)
{
	u64 end = now_ns() + 400000, flags;

	steps.nmis = 0;
	flags = irq_save();
	tick = trap_hook_get(VECTOR_TIMER);
	trap_hook_set(VECTOR_TIMER, tick_with_nmi);
	irq_restore(flags);
	tick_set(10000, true);
	while ((now_ns() < end || seen(&steps.nmis) < 3) && seen(&steps.nmis) < 10000)
		change_rights(NULL);
	trap_hook_set(VECTOR_TIMER, tick);
	trap_hook_set(X86_NMI, NULL);
	EXPECT(steps.nmis >= 3);
}
KTEST(rights_changes_survive_an_nmi_storm, KT_PKS | KT_STRESS | KT_ONE_CPU);

static void fault_nested(void *arg)
{
	(void)arg;
	probe_nowhere();
}

static void cr2_survives_a_fault_in_an_nmi(void)
{
	u64 flags = irq_save();

	for (enum test_context c = IN_NMI; c <= IN_MC; c++) {
		write_cr2(0x1234567000);
		run_in(c, fault_nested, NULL);
		/* The interrupted page-fault handler may not have read CR2 yet. */
		EXPECT_EQ(read_cr2(), 0x1234567000);
	}
	irq_restore(flags);
}
KTEST(cr2_survives_a_fault_in_an_nmi, 0);

static u32 frame_pkrs;

static bool note_frame(struct regs *regs)
{
	frame_pkrs = (u32)regs_pkrs(regs);
	return true;
}

static void frame_holds_the_interrupted_rights(void)
{
	static const u32 held[] = { PKRS_INIT, WITH_KEY(KEY_A), 0 };

	trap_hook_set(X86_MC, note_frame);
	trap_hook_set(X86_BP, note_frame);
	for (u32 i = 0; i < ARRAY_SIZE(held); i++) {
		rights_set(held[i]);
		frame_pkrs = 1;
		machine_check();
		EXPECT_EQ(frame_pkrs, held[i]);
		frame_pkrs = 1;
		breakpoint();
		EXPECT_EQ(frame_pkrs, held[i]);
	}
	trap_hook_set(X86_BP, NULL);
	trap_hook_set(X86_MC, NULL);
}
KTEST(frame_holds_the_interrupted_rights, KT_PKS);

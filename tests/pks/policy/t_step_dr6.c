// SPDX-License-Identifier: MIT
/*
 * What a step does to DR6, and an NMI between its #DB and the handler's read of DR6. The pardoned
 * instruction sends it: the store to the APIC's ICR completes, its #DB is delivered, and the NMI
 * comes at the first instruction of the #DB's entry. What this cannot know: a CPU on which that NMI
 * comes later.
 */
#define KTEST_SUITE "step"

#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "kernel/lib/atomic.h"
#include "tests/harness/inject.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/window.h"
#include "tests/pks/policy/step_check.h"

#define ICR_LOW_AT   0x300
#define ICR_HIGH_AT  0x310
#define ICR_SEND_NMI 0x4400 /* delivery mode NMI, level assert */

static struct {
	u64 from; /* the word that is stored to the ICR */
	u64 to;   /* what the NMI stores to */
	u32 keys; /* of `from` */
	u32 nmis;
	u64 dr6;
} sent;

/* Has a step of its own, whose end clears DR6.BS. */
static bool nmi_steps(struct regs *regs)
{
	(void)regs;
	sent.nmis++;
	sent.dr6 = read_dr6();
	asm volatile("movb $7, 64(%0)" : : "r"(sent.to) : "memory");
	return true;
}

static void send_nmi(void *arg)
{
	u64 from = sent.from, to = WINDOW + ICR_LOW_AT, flags;

	(void)arg;
	flags = irq_save();
	sent.nmis = 0;
	*(volatile u32 *)(WINDOW + ICR_HIGH_AT) = apic_id() << 24;
	asm volatile("movsl" : "+S"(from), "+D"(to) : : "memory");
	for (u32 spins = 0; !smp_load_acquire(&sent.nmis) && spins < 1000000; spins++)
		cpu_relax();
	EXPECT_EQ(sent.nmis, 1);
	EXPECT_EQ(from, sent.from + 4);
	EXPECT_STEPPED(sent.keys + 1, 2, 0);
	irq_restore(flags);
}

/* From the first page, the second, and both; the NMI steps on the same key or on another one. */
static void send_from_each_page(void *arg)
{
	u64 from[] = { area.a + 16, area.b + 16, area.b - 2 };

	(void)arg;
	for (u32 i = 0; i < ARRAY_SIZE(from); i++) {
		step_poke(from[i], ICR_SEND_NMI);
		sent.from = from[i];
		sent.keys = i == 2 ? 2 : 1;
		for (sent.to = area.a; sent.to <= area.b; sent.to += PAGE_SIZE) {
			run_in(IN_THREAD, send_nmi, NULL);
			run_in(IN_SOFTIRQ, send_nmi, NULL);
			run_in(IN_INTERRUPT, send_nmi, NULL);
		}
	}
}

static void a_step_survives_an_nmi_before_dr6_is_read(void)
{
	SKIP_IF(!apic_mmio_address(), "in x2APIC mode the ICR is no memory");
	if (!window_map(0, apic_mmio_address(), PAGE_SIZE, PTE_MMIO, 1) || !step_area_get())
		return;
	trap_hook_set(X86_NMI, nmi_steps);
	percpu_run_on(cpus[cpu_count - 1], send_from_each_page, NULL);
	percpu_run_on(cpus[0], send_from_each_page, NULL);
	trap_hook_set(X86_NMI, NULL);
	EXPECT(sent.dr6 & DR6_BS); /* it came after the #DB */
	step_area_put();
	window_clear();
}
KTEST(a_step_survives_an_nmi_before_dr6_is_read, KT_PKS);

static u32 steps_without_bs; /* written by the #DBs of single_step() */

static bool look_at_bs(struct regs *regs)
{
	(void)regs;
	steps_without_bs += !(read_dr6() & DR6_BS);
	return true;
}

static void store(void *va)
{
	*(volatile u64 *)va = 1;
}

/*
 * A step clears BS behind it, which the CPU never does. Whoever single-steps as well still finds
 * it.
 */
static void a_step_clears_its_own_bit_of_dr6_alone(void)
{
	if (!step_area_get())
		return;
	write_dr6(DR6_INIT);
	store((void *)area.a);
	EXPECT_EQ(read_dr6() & DR6_BS, 0);
	EXPECT_STEPPED(1, 1, 0);
	steps_without_bs = 0;
	single_step(store, (void *)area.a, look_at_bs);
	EXPECT_EQ(steps_without_bs, 0);
	EXPECT_STEPPED(1, 1, 0);
	write_dr6(DR6_INIT);
	step_area_put();
}
KTEST(a_step_clears_its_own_bit_of_dr6_alone, KT_PKS);

// SPDX-License-Identifier: MIT
#include "pks/pkrs.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/lib/atomic.h"

bool pks_present;
u32 pks_closed;

void pkrs_init(void)
{
	pks_present = CONFIG_PKS && cpu_has(FEATURE_PKS);
	/* PKRS_VERIFY in an interrupt's entry takes a half-written register for a lying mirror. */
	pks_closed = pks_on() && !CONFIG_PARANOID ? PKRS_INIT : 0;
	pkrs_init_cpu();
}

void pkrs_init_cpu(void)
{
	if (!pks_on())
		return;
	pkrs_write(PKRS_INIT);
	write_cr4(read_cr4() | CR4_PKS);
}

void pkrs_enforce(bool on)
{
	if (!pks_on())
		return;
	if (on)
		write_cr4(read_cr4() | CR4_PKS);
	else
		write_cr4(read_cr4() & ~(u64)CR4_PKS);
}

static void write_register(u32 pkrs)
{
	wrmsr(MSR_IA32_PKRS, pkrs);
	if (CONFIG_PARANOID)
		this_cpu()->pkrs_writes++;
}

/*
 * If an NMI recalls meanwhile, this loan is taken back too; the access then faults again. Writes
 * pkrs_lent after the register: an NMI in between closes the register on its exit, and one before
 * that must not leave pkrs_lent at 0, as the recall here would then find nothing to take back.
 */
void pkrs_lend(u32 pkrs, u32 bits)
{
	struct cpu *cpu = this_cpu();
	u32 recalls = smp_load_acquire(&cpu->pkrs_recalls);
	u32 lent = cpu->pkrs_lent | bits;

	cpu->pkrs = pkrs;
	write_register(pkrs & ~lent);
	smp_store_release(&cpu->pkrs_lent, lent);
	if (smp_load_acquire(&cpu->pkrs_recalls) != recalls)
		pkrs_recall();
}

/*
 * Writes the register before it clears pkrs_lent. An NMI between the two may lend again, but the
 * exit of that NMI ends it.
 */
void pkrs_recall(void)
{
	struct cpu *cpu = this_cpu();
	u64 flags;

	if (!CONFIG_PKS)
		return;
	flags = irq_save();
	cpu->pkrs_recalled = false;
	if (smp_load_acquire(&cpu->pkrs_lent)) {
		write_register((u32)cpu->pkrs);
		smp_store_release(&cpu->pkrs_lent, 0);
	}
	atomic_inc(&cpu->pkrs_recalls);
	irq_restore(flags);
}

#if CONFIG_PARANOID
void pkrs_mirror_lies(void);
void pkrs_check_mirror(void);

/*
 * Panics unless the difference between mirror and register is what pkrs_lend() lent on this CPU.
 * PKRS_VERIFY and pkrs_check_mirror() call it if the two differ. Reads pkrs_lent first: an NMI that
 * recalls also closes the register.
 */
void pkrs_mirror_lies(void)
{
	u32 lent = smp_load_acquire(&this_cpu()->pkrs_lent);
	u32 mirror = (u32)this_cpu()->pkrs, reg = pkrs_register();

	if (!(reg & ~mirror) && !(mirror & ~reg & ~lent))
		return;
	panic("cpu->pkrs is %08lx, IA32_PKRS is %08x", this_cpu()->pkrs, pkrs_register());
}

void pkrs_check_mirror(void)
{
	u64 flags = irq_save();

	if (pks_on() && this_cpu()->pkrs != pkrs_register())
		pkrs_mirror_lies();
	irq_restore(flags);
}
#endif

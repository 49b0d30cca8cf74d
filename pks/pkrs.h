/* SPDX-License-Identifier: MIT */
/*
 * IA32_PKRS of this CPU (SDM Vol. 3A, "Protection Keys"). cpu->pkrs mirrors it: see pks/pkrs.inc
 * for the order of the two writes and what an NMI finds between them.
 */
#ifndef KEYWARD_PKS_PKRS_H
#define KEYWARD_PKS_PKRS_H

#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/patch.h"
#include "kernel/cpu/percpu.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/config.h"

/* All CPUs have IA32_PKRS. Written once at boot, before any context but the first. */
extern bool pks_present;

/* True if contexts have rights; constant false with PKS compiled out. Any context. */
static inline bool pks_on(void)
{
	return CONFIG_PKS && pks_present;
}

/* Returns the rights of the running context; without PKS the initial ones. Any context. */
static inline u32 pkrs_read(void)
{
	u32 pkrs;

	if (!CONFIG_PKS)
		return PKRS_INIT;
	asm volatile("movl %%gs:%c1, %0" : "=r"(pkrs) : "i"(CPU_PKRS));
	return pkrs;
}

/*
 * Sets the running context's rights: memory, then register, with interrupts off, as an interrupt's
 * entry would trust a mirror that the register does not match yet. One piece of assembly, so that
 * the flags need no register. The patch site stands between the two writes: it traces the value in
 * the mirror, which an NMI saves and restores. Any context, but only with PKS: callers ask
 * pks_on().
 */
static inline void pkrs_write(u32 pkrs)
{
	// clang-format off
	asm volatile("pushfq\n\t"
		     "cli\n\t"
		     "movl %0, %%gs:%c1\n\t"
		     PATCH_SITE_TEXT("4", "trace_rights_trampoline")
		     "wrmsr\n\t"
		     "popfq"
		     :
		     : "a"(pkrs), "i"(CPU_PKRS), "c"(MSR_IA32_PKRS), "d"(0), "i"(MAGIC_WRITE)
		     : "memory", "cc");
	// clang-format on
	if (CONFIG_PARANOID)
		asm volatile("incq %%gs:%c0" : : "i"(CPU_PKRS_WRITES) : "memory", "cc");
}

/*
 * Clears `clear`, then sets `set`, in the running context's rights; writes only if that changes
 * them. Returns the old rights. Any context.
 *
 * An interrupt between reading and writing does no harm: it leaves the rights as it found them,
 * and a thread that migrates takes them along.
 */
static inline u32 pkrs_update(u32 clear, u32 set)
{
	u32 old = pkrs_read(), new = (old & ~clear) | set;

	if (new != old && likely(pks_on()))
		pkrs_write(new);
	return old;
}

/*
 * Lends `bits`: clears them in the register, but not in the mirror. Call it in a trap, with the
 * rights of the context that the trap returns to as `pkrs`. They become the mirror now, so that the
 * trap's exit finds them there and writes nothing. Any later write of rights, and any NMI, ends the
 * loan early; pkrs_recall() ends it for certain. A context that begins or resumes with an equal
 * mirror inherits it. Any context, interrupts off, only with PKS.
 */
void pkrs_lend(u32 pkrs, u32 bits);

/* Takes back all that was lent on this CPU. Any context. */
void pkrs_recall(void);

/* In the paranoid build, panics if mirror and register differ, loans aside. Any context. */
static inline void pkrs_verify(void)
{
#if CONFIG_PARANOID
	void pkrs_check_mirror(void);

	pkrs_check_mirror();
#endif
}

/*
 * A context nested in a running one (softirq, work item): pkrs_enter() sets its initial rights and
 * returns the outer ones, which pkrs_exit() restores. Any context.
 */
static inline u32 pkrs_enter(void)
{
	pkrs_verify();
	return pkrs_update(~0u, PKRS_INIT);
}

static inline void pkrs_exit(u32 outer)
{
	pkrs_verify();
	pkrs_update(~0u, outer);
}

/* IA32_PKRS itself; 0 without PKS. For tests and reports; all others read the mirror. */
static inline u32 pkrs_register(void)
{
	return pks_on() ? (u32)rdmsr(MSR_IA32_PKRS) : 0;
}

/*
 * Load the initial rights, then set CR4.PKS: a leftover value that denies key 0 would end the
 * machine at once. pkrs_init() also detects PKS, on the boot CPU; pkrs_init_cpu() is for each other
 * CPU, which must have PKS if the boot CPU has. Interrupts off.
 */
void pkrs_init(void);
void pkrs_init_cpu(void);

/* Turns enforcement on or off on this CPU (CR4.PKS); the register stays up to date either way. */
void pkrs_enforce(bool on);

/* True if this CPU enforces keys now. Any context. */
static inline bool pkrs_enforced(void)
{
	return read_cr4() & CR4_PKS;
}

#endif

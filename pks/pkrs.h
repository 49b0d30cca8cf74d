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

/*
 * The bits that pkrs_clear() may clear with interrupts on: those of the initial rights, none
 * without PKS. Written once with pks_present.
 */
extern u32 pks_closed;

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
 * Writes memory, then the register. The patch site between the two traces the value in the mirror,
 * which an NMI or interrupt saves and restores.
 */
#define PKRS_WRITE_TEXT \
	"movl %0, %%gs:%c1\n\t" PATCH_SITE_TEXT("4", "trace_rights_trampoline") "wrmsr\n\t"
#define PKRS_WRITE_OPERANDS(pkrs) \
	"a"(pkrs), "i"(CPU_PKRS), "c"(MSR_IA32_PKRS), "d"(0), "i"(MAGIC_WRITE)

/*
 * Sets the running context's rights with interrupts off, as an interrupt's entry would trust a
 * mirror with the initial rights before the register has them. One piece of assembly, so that the
 * flags need no register. Any context, but only with PKS: callers ask pks_on().
 */
static inline void pkrs_write(u32 pkrs)
{
	asm volatile("pushfq\n\t"
		     "cli\n\t" PKRS_WRITE_TEXT "popfq"
		     :
		     : PKRS_WRITE_OPERANDS(pkrs)
		     : "memory", "cc");
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
 * Clears `clear` in the running context's rights; writes only if that changes them. Returns the old
 * rights. Any context.
 *
 * The short way leaves interrupts on. It clears a bit that the initial rights have, so the new
 * rights differ from them, and the entry of an interrupt between the two writes does not trust the
 * mirror: it writes both, and its exit writes both again (docs/TRICKS.md). The rest goes the long
 * way: no change, no PKS, back to the initial rights, the paranoid build.
 */
static inline u32 pkrs_clear(u32 clear)
{
	u32 old = pkrs_read(), opens = old & clear;

	if (!CONFIG_PKS || unlikely(!(opens & pks_closed)))
		return pkrs_update(clear, 0);
	asm volatile(PKRS_WRITE_TEXT : : PKRS_WRITE_OPERANDS(old ^ opens) : "memory", "cc");
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

/* SPDX-License-Identifier: MIT */
/*
 * IA32_PKRS of this processor (SDM Vol. 3A, "Protection Keys"). cpu->pkrs mirrors it: see
 * pks/pkrs.inc for the order of the two writes and what an NMI finds between them.
 */
#ifndef KEYWARD_PKS_PKRS_H
#define KEYWARD_PKS_PKRS_H

#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/patch.h"
#include "kernel/cpu/percpu.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/config.h"

/* The processor has the register. Written once at boot, before any context but the first. */
extern bool pks_present;

/* Whether rights are kept here; a constant false where PKS is compiled out. Any context. */
static inline bool pks_on(void)
{
	return CONFIG_PKS && pks_present;
}

/* The rights of the running context. Any context. */
static inline u32 pkrs_read(void)
{
	u32 pkrs;

	if (!CONFIG_PKS)
		return 0;
	asm volatile("movl %%gs:%c1, %0" : "=r"(pkrs) : "i"(CPU_PKRS));
	return pkrs;
}

/*
 * Memory, then register, and no interrupt between the two: its entry would trust a mirror that the
 * register does not match yet. One piece of assembly, so that the flags need no register. The site
 * stands between the two: what it traces is in the mirror, which an NMI saves and brings back.
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
 * Clears `clear` and sets `set` in the running context's rights; a change that changes nothing
 * costs no write. Returns the rights as they were. Any context.
 *
 * An interrupt between reading and writing does no harm: it leaves the rights as it found them,
 * and a migration takes them along.
 */
static inline u32 pkrs_update(u32 clear, u32 set)
{
	u32 old = pkrs_read(), new = (old & ~clear) | set;

	if (new != old && likely(pks_on()))
		pkrs_write(new);
	return old;
}

/*
 * Makes `pkrs`, the rights of the context that the running trap returns to, the mirror already, and
 * opens `bits` in the register alone: the return finds the mirror as it wants it, and writes
 * nothing. Any later rights write, and any NMI, ends that early; pkrs_recall() ends it for sure. A
 * context that begins or goes on with an equal mirror inherits it. Any context, interrupts off.
 */
void pkrs_lend(u32 pkrs, u32 bits);

/* Takes back all that was lent on this processor. Any context. */
void pkrs_recall(void);

/* In the paranoid build panics if the mirror does not say what the register holds. Any context. */
static inline void pkrs_verify(void)
{
#if CONFIG_PARANOID
	void pkrs_check_mirror(void);

	pkrs_check_mirror();
#endif
}

/*
 * A context of its own inside a running one (softirq, work item): enter gives it the initial
 * rights and returns what exit must be given. Any context.
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

/* IA32_PKRS itself; 0 where there is none. For tests and reports: everybody else has the mirror. */
static inline u32 pkrs_register(void)
{
	return pks_on() ? (u32)rdmsr(MSR_IA32_PKRS) : 0;
}

/*
 * Detects PKS, loads the initial rights and sets CR4.PKS, in this order: a leftover value that
 * denies key 0 would end the machine at once. The first for the boot processor, the second for each
 * other one, which must have what the first has. Interrupts off.
 */
void pkrs_init(void);
void pkrs_init_cpu(void);

/* Turns enforcement on or off on this processor (CR4.PKS); the register goes on being kept. */
void pkrs_enforce(bool on);

/* Whether keys are enforced on this processor now. */
static inline bool pkrs_enforced(void)
{
	return read_cr4() & CR4_PKS;
}

#endif

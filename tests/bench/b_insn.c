// SPDX-License-Identifier: MIT
/*
 * The cost of single instructions that change rights or flush translations, each between two fences
 * (fenced.h), and of a shootdown. Subtract fences_alone.
 */
#include "kernel/cpu/cpuid.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "pks/rights.h"
#include "tests/bench/bench.h"
#include "tests/bench/fenced.h"
#include "tests/harness/pke.h"

static u64 fences_alone(u64 *writes)
{
	u64 start = fenced_tsc();

	(void)writes;
	return fenced_tsc() - start;
}
BENCH(fences_alone, false);

/* CPUID.(EAX=07H,ECX=1):EAX[19] (SDM Vol. 2D, "WRMSRNS"). */
static const char *no_wrmsrns(void)
{
	return cpuid(0, 0).a >= 7 && cpuid(7, 0).a >= 1 && cpuid(7, 1).a & 1 << 19
		       ? NULL
		       : "this CPU has no WRMSRNS";
}

static const char *no_pku(void)
{
	return cpu_has(FEATURE_PKU) ? NULL : NO_PKU;
}

static inline void wrmsrns(u32 msr, u64 v)
{
	/* Assemblers of Debian 12 do not know it. */
	asm volatile(".byte 0x0f, 0x01, 0xc6"
		     :
		     : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32))
		     : "memory");
}

/* The mirror goes first, as in pks/pkrs.h; the second write puts the rights back. */
#define RIGHTS_BENCH(name, insn, missing)                                       \
	static u64 name(u64 *writes)                                            \
	{                                                                       \
		u64 flags = irq_save(), ticks;                                  \
		u32 now = pkrs_read(), other = now ^ pkrs_mask(PKS_KEY_DEVMAP); \
                                                                                \
		this_cpu()->pkrs = other;                                       \
		ticks = fenced_tsc();                                           \
		insn(MSR_IA32_PKRS, other);                                     \
		ticks = fenced_tsc() - ticks;                                   \
		this_cpu()->pkrs = now;                                         \
		wrmsr(MSR_IA32_PKRS, now);                                      \
		irq_restore(flags);                                             \
		*writes += 1;                                                   \
		return ticks;                                                   \
	}                                                                       \
	BENCH_IF(name, true, missing)
RIGHTS_BENCH(insn_wrmsr_pkrs, wrmsr, NULL);
RIGHTS_BENCH(insn_wrmsrns_pkrs, wrmsrns, no_wrmsrns);

static u64 insn_wrpkru(u64 *writes)
{
	struct pke_saved saved = pke_begin();
	u64 ticks = fenced_tsc();

	(void)writes;
	asm volatile("wrpkru" : : "a"(saved.pkru ^ 4), "c"(0), "d"(0) : "memory");
	ticks = fenced_tsc() - ticks;
	pke_end(saved);
	return ticks;
}
BENCH_IF(insn_wrpkru, false, no_pku);

/* A page whose translation is in the TLB; NULL: out of memory. It is never freed. */
static volatile u64 *used_page(void)
{
	static struct page *page;

	if (!page)
		page = page_alloc(0);
	if (!page)
		return NULL;
	*(volatile u64 *)page_to_virt(page) += 1;
	return page_to_virt(page);
}

static u64 insn_invlpg(u64 *writes)
{
	volatile u64 *p = used_page();
	u64 flags = irq_save(), ticks = fenced_tsc();

	(void)writes;
	invlpg((u64)p);
	ticks = fenced_tsc() - ticks;
	irq_restore(flags);
	return ticks;
}
BENCH(insn_invlpg, false);

/* The same address space: translations go all the same, but for global ones. */
static u64 insn_mov_to_cr3(u64 *writes)
{
	u64 flags = irq_save(), cr3 = read_cr3(), ticks = fenced_tsc();

	(void)writes;
	write_cr3(cr3);
	ticks = fenced_tsc() - ticks;
	irq_restore(flags);
	return ticks;
}
BENCH(insn_mov_to_cr3, false);

/* One page, on all CPUs that run: until the last one has answered. */
static u64 shootdown_of_a_page(u64 *writes)
{
	volatile u64 *p = used_page();
	u64 ticks = fenced_tsc();

	(void)writes;
	tlb_shootdown((u64)p, 1);
	return fenced_tsc() - ticks;
}
BENCH(shootdown_of_a_page, false);

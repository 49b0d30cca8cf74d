// SPDX-License-Identifier: MIT
#include "kernel/cpu/pat.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"

#define PAT_WC    1ULL
#define PAT_SHIFT 8 /* entry 1: PWT = 1, PCD = 0, PAT = 0; the same bits in a PTE and a PDE */

/*
 * Omits the flush of caches and TLB that the SDM asks for when memory types change: the entry was
 * write-through until now, and no page has been mapped with it.
 */
void pat_init_cpu(void)
{
	u64 pat;

	if (!cpu_has(FEATURE_PAT))
		return;
	pat = rdmsr(MSR_PAT);
	wrmsr(MSR_PAT, (pat & ~(0xffULL << PAT_SHIFT)) | PAT_WC << PAT_SHIFT);
}

pte_t pat_write_combining(void)
{
	return cpu_has(FEATURE_PAT) ? PTE_RW_DATA | PTE_PWT : PTE_MMIO;
}

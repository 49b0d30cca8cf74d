// SPDX-License-Identifier: MIT
#include "kernel/cpu/pat.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"

/*
 * The types by PAT, PCD and PWT of an entry: as after reset, but for entry 1, which is
 * write-combining instead of write-through.
 *
 *     entry   7   6    5   4   3   2    1   0
 *     type   UC  UC-  WT  WB  UC  UC-  WC  WB
 */
#define PAT_TYPES 0x0007040600070106ULL

static void flush_tlb(void)
{
	u64 cr4 = read_cr4();

	if (cr4 & CR4_PGE) {
		write_cr4(cr4 & ~(u64)CR4_PGE);
		write_cr4(cr4);
	} else {
		write_cr3(read_cr3());
	}
}

/*
 * Changes memory types in the order of the SDM ("MTRR Considerations in MP Systems", to which
 * "Programming the PAT" refers): caches off and empty, TLB empty, then the register, and both empty
 * once more. NMIs run uncached in between, which does no harm. Each CPU does so when it starts,
 * alone: the others have no mapping yet whose type differs.
 */
void pat_init_cpu(void)
{
	u64 cr0 = read_cr0();

	if (!cpu_has(FEATURE_PAT) || rdmsr(MSR_PAT) == PAT_TYPES)
		return;
	write_cr0((cr0 | CR0_CD) & ~(u64)CR0_NW);
	wbinvd();
	flush_tlb();
	wrmsr(MSR_PAT, PAT_TYPES);
	wbinvd();
	flush_tlb();
	write_cr0(cr0);
}

pte_t pat_write_combining(void)
{
	return cpu_has(FEATURE_PAT) ? PTE_RW_DATA | PTE_PWT : PTE_MMIO;
}

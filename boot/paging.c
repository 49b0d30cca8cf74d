// SPDX-License-Identifier: MIT
#include "boot/paging.h"
#include "boot/cross.h"
#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/layout.h"
#include "mm/pgtable_internal.h"

struct paging_boot paging_boot;

static u64 *const tables[] = { [4] = boot_pml4, [5] = boot_pml5 };

/* Keeps all addresses of the 4-level layout, which is the lowest and the highest 128 TiB. */
static void link_pml5(void)
{
	boot_pml5[0] = boot_pml5[511] = ((u64)boot_pml4 - KERNEL_BASE) | PTE_P | PTE_W;
}

void paging_start(u32 wanted)
{
	u32 most = cpu_has(FEATURE_LA57) ? 5 : 4, levels = wanted ? MIN(wanted, most) : most;

	if (levels < wanted)
		pr("# paging: this CPU has 4 levels, not %u; using 4\n", wanted);
	paging_boot.cr4 = CR4_PAE | (levels == 5 ? CR4_LA57 : 0);
	paging_boot.cr3 = (u32)((u64)tables[levels] - KERNEL_BASE);
	if (levels == 5) {
		link_pml5();
		paging_cross(paging_boot.cr3, (u32)read_cr4() | CR4_LA57);
	}
	BUG_ON(pgtable_top() != (int)levels);
	pr("# paging: %u levels%s\n", levels, levels < most ? " of 5, as paging= says" : "");
}

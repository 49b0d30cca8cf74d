// SPDX-License-Identifier: MIT
#include "mm/tlb.h"
#include "kernel/cpu/upcalls.h"

struct range {
	u64 va, pages;
};

static void flush(void *arg)
{
	const struct range *range = arg;

	tlb_flush_range(range->va, range->pages);
}

void tlb_shootdown(u64 va, u64 pages)
{
	struct range range = { va, pages };

	ipi_run_on_all(flush, &range);
}

/* SPDX-License-Identifier: MIT */
/*
 * Writes lines of persistent memory back from the caches (SDM Vol. 2A, "CLWB", "CLFLUSHOPT",
 * "CLFLUSH", Vol. 2B, "SFENCE"), with the best instruction that the CPU has.
 */
#ifndef KEYWARD_MM_PMEM_WB_CACHE_H
#define KEYWARD_MM_PMEM_WB_CACHE_H

#include "kernel/lib/types.h"

enum wb_cache { WB_CLWB, WB_CLFLUSHOPT, WB_CLFLUSH, WB_NONE };

/* What the CPUs have. Written by wb_cache_init(); a test that changes it restores it. */
extern enum wb_cache wb_cache;

/* Chooses the instruction. Boot. */
void wb_cache_init(void);

/* Returns true if this CPU has the instruction. Slow: executes CPUID. Any context. */
bool wb_cache_has(enum wb_cache which);

/* Returns the instruction's name. Any context. */
const char *wb_cache_name(enum wb_cache which);

/*
 * Writes back each line that has a byte of [addr, addr + size), then fences: all stores there that
 * came before are in memory before any store that comes after. A line is looked at with the rights
 * of a load, so the caller needs those to read. Any context.
 */
void arch_wb_cache_pmem(const void *addr, size_t size);

#endif

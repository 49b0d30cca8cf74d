/* SPDX-License-Identifier: MIT */
/* Memory types of pages (SDM Vol. 3A, "Page Attribute Table (PAT)"). */
#ifndef KEYWARD_KERNEL_CPU_PAT_H
#define KEYWARD_KERNEL_CPU_PAT_H

#include "kernel/cpu/pte.h"

/*
 * Makes PWT alone mean write-combining, on this processor. Every processor calls it before it
 * touches such a mapping: they must agree on a page's type. Boot of a processor, interrupts off.
 */
void pat_init_cpu(void);

/* What a mapping is made with whose stores may be combined: PTE_MMIO without a PAT. Any context. */
pte_t pat_write_combining(void);

#endif

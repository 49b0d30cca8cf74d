/* SPDX-License-Identifier: MIT */
/* Memory types of pages (SDM Vol. 3A, "Page Attribute Table (PAT)"). */
#ifndef KEYWARD_KERNEL_CPU_PAT_H
#define KEYWARD_KERNEL_CPU_PAT_H

#include "kernel/cpu/pte.h"

/*
 * Sets all eight memory types of this CPU, whatever the firmware has left; PWT alone means
 * write-combining. Each CPU calls it before it touches such a mapping: all must agree on a page's
 * type. Boot of a CPU, interrupts off.
 */
void pat_init_cpu(void);

/* Returns the bits of a write-combining mapping; PTE_MMIO without a PAT. Any context. */
pte_t pat_write_combining(void);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef KEYWARD_MONITOR_CANONICAL_H
#define KEYWARD_MONITOR_CANONICAL_H

#include "kernel/cpu/insn.h"

/*
 * Returns whether the upper bits all equal the highest bit that paging translates (SDM Vol. 1,
 * "Canonical Addressing"). Any context.
 */
static inline bool address_is_canonical(u64 addr)
{
	int unused = read_cr4() & CR4_LA57 ? 64 - 57 : 64 - 48;

	return (u64)((s64)(addr << unused) >> unused) == addr;
}

#endif

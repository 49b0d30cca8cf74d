/* SPDX-License-Identifier: MIT */
/*
 * User keys (CR4.PKE, PKRU), which the kernel does not use, for the duration of a test. Only on a
 * CPU with FEATURE_PKU.
 */
#ifndef KEYWARD_TESTS_HARNESS_PKE_H
#define KEYWARD_TESTS_HARNESS_PKE_H

#include "tests/harness/probe.h"

#define NO_PKU "this CPU has no PKU"

/* Needs CR4.PKE = 1. */
static inline u32 pkru_now(void)
{
	u64 rax = 0, rdx = 0;

	probe_rdpkru(0, &rax, &rdx);
	return (u32)rax;
}

/* CR4.PKE = 1 and interrupts off from pke_begin() to pke_end(), which restores PKRU too. */
struct pke_saved {
	u64 flags, cr4;
	u32 pkru;
};

static inline struct pke_saved pke_begin(void)
{
	struct pke_saved saved = { .flags = irq_save(), .cr4 = read_cr4() };

	write_cr4(saved.cr4 | CR4_PKE);
	saved.pkru = pkru_now();
	return saved;
}

static inline void pke_end(struct pke_saved saved)
{
	probe_wrpkru(saved.pkru, 0, 0);
	write_cr4(saved.cr4);
	irq_restore(saved.flags);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What kind of processor a CPU is. The cores of a client processor differ: performance cores and
 * efficient ones. Pure, but for cpu_type_read().
 */
#ifndef KEYWARD_KERNEL_CPU_CPU_TYPE_H
#define KEYWARD_KERNEL_CPU_CPU_TYPE_H

#include "kernel/lib/types.h"

#define CPU_TYPE_TEXT 80

struct cpu_type {
	u32 signature; /* CPUID.01H:EAX */
	u8 core;       /* CPUID.1AH:EAX[31:24]; 0: not said */
	bool pks;      /* CPUID.(EAX=07H,ECX=0):ECX[31] */
};

/* Returns the running CPU's. Any context. */
struct cpu_type cpu_type_read(void);

static inline bool cpu_type_same(const struct cpu_type *a, const struct cpu_type *b)
{
	return a->signature == b->signature && a->core == b->core && a->pks == b->pks;
}

/*
 * Writes it in words, at most CPU_TYPE_TEXT bytes: "family 6, model c5H, stepping 2, P core, pks".
 * Family and model are those of SDM Vol. 2A, "CPUID", with their extensions. Any context.
 */
void cpu_type_print(const struct cpu_type *type, char *text);

#endif

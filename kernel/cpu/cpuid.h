/* SPDX-License-Identifier: MIT */
/* CPU features (SDM Vol. 2A, "CPUID"). */
#ifndef KEYWARD_KERNEL_CPU_CPUID_H
#define KEYWARD_KERNEL_CPU_CPUID_H

#include "kernel/lib/types.h"

struct cpuid {
	u32 a, b, c, d;
};

static inline struct cpuid cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid r;

	asm volatile("cpuid"
		     : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
		     : "0"(leaf), "2"(subleaf));
	return r;
}

/* A feature is a bit of a leaf: (leaf, register 0..3 = EAX..EDX, bit). Subleaf 0 throughout. */
#define CPUID_FEATURE(leaf, reg, bit) ((u64)(leaf) << 8 | (reg) << 5 | (bit))

/*      name             leaf        reg bit */
#define FEATURE_MONITOR    CPUID_FEATURE(1, 2, 3)
#define FEATURE_CMPXCHG16B CPUID_FEATURE(1, 2, 13)
#define FEATURE_SSE41      CPUID_FEATURE(1, 2, 19)
#define FEATURE_X2APIC     CPUID_FEATURE(1, 2, 21)
#define FEATURE_MOVBE      CPUID_FEATURE(1, 2, 22)
#define FEATURE_XSAVE      CPUID_FEATURE(1, 2, 26)
#define FEATURE_OSXSAVE    CPUID_FEATURE(1, 2, 27)
#define FEATURE_AVX        CPUID_FEATURE(1, 2, 28)
#define FEATURE_APIC       CPUID_FEATURE(1, 3, 9)
#define FEATURE_PGE        CPUID_FEATURE(1, 3, 13)
#define FEATURE_PAT        CPUID_FEATURE(1, 3, 16)
#define FEATURE_CLFSH      CPUID_FEATURE(1, 3, 19)
#define FEATURE_MCE        CPUID_FEATURE(1, 3, 7)
#define FEATURE_AVX2       CPUID_FEATURE(7, 1, 5)
#define FEATURE_AVX512F    CPUID_FEATURE(7, 1, 16)
#define FEATURE_SMEP       CPUID_FEATURE(7, 1, 7)
#define FEATURE_INVPCID    CPUID_FEATURE(7, 1, 10)
#define FEATURE_SMAP       CPUID_FEATURE(7, 1, 20)
#define FEATURE_CLFLUSHOPT CPUID_FEATURE(7, 1, 23)
#define FEATURE_CLWB       CPUID_FEATURE(7, 1, 24)
#define FEATURE_UMIP       CPUID_FEATURE(7, 2, 2)
#define FEATURE_WAITPKG    CPUID_FEATURE(7, 2, 5)
#define FEATURE_MOVDIRI    CPUID_FEATURE(7, 2, 27)
#define FEATURE_MOVDIR64B  CPUID_FEATURE(7, 2, 28)
#define FEATURE_PKU        CPUID_FEATURE(7, 2, 3)
#define FEATURE_LA57       CPUID_FEATURE(7, 2, 16)
#define FEATURE_PKS        CPUID_FEATURE(7, 2, 31)
#define FEATURE_PAGE1GB    CPUID_FEATURE(0x80000001, 3, 26)

/* Executes CPUID each time: not for hot paths. Any context. */
static inline bool cpu_has(u64 feature)
{
	u32 leaf = (u32)(feature >> 8), reg = (feature >> 5) & 3, bit = feature & 31;
	struct cpuid r;

	if (cpuid(leaf & 0x80000000, 0).a < leaf)
		return false;
	r = cpuid(leaf, 0);
	return ((reg == 0 ? r.a : reg == 1 ? r.b : reg == 2 ? r.c : r.d) >> bit) & 1;
}

/* MAXPHYADDR, the bits of a physical address, limited to 32..52. Any context. */
static inline u32 cpu_phys_bits(void)
{
	u32 bits = cpuid(0x80000000, 0).a >= 0x80000008 ? cpuid(0x80000008, 0).a & 0xff : 36;

	return MAX(32, MIN(bits, 52));
}

#endif

// SPDX-License-Identifier: MIT
#include "tests/matrix/cpu_needs.h"
#include "kernel/cpu/cpuid.h"

static const struct {
	u32 need;
	u64 feature, components;
} needs[] = {
	{ NEED_MOVBE, FEATURE_MOVBE, 0 },
	{ NEED_MOVDIRI, FEATURE_MOVDIRI, 0 },
	{ NEED_MOVDIR64B, FEATURE_MOVDIR64B, 0 },
	{ NEED_CMPXCHG16B, FEATURE_CMPXCHG16B, 0 },
	{ NEED_SSE41, FEATURE_SSE41, 0 },
	{ NEED_AVX, FEATURE_AVX, XCR0_AVX },
	{ NEED_AVX2, FEATURE_AVX2, XCR0_AVX },
	{ NEED_AVX512, FEATURE_AVX512F, XCR0_AVX | XCR0_AVX512 },
	{ NEED_XSAVE, FEATURE_XSAVE, XCR0_SSE },
	{ NEED_CLFLUSH, FEATURE_CLFSH, 0 },
	{ NEED_CLFLUSHOPT, FEATURE_CLFLUSHOPT, 0 },
	{ NEED_CLWB, FEATURE_CLWB, 0 },
	{ NEED_MONITOR, FEATURE_MONITOR, 0 },
	{ NEED_WAITPKG, FEATURE_WAITPKG, 0 },
	{ NEED_INVPCID, FEATURE_INVPCID, 0 },
};

u32 cpu_needs(u64 components)
{
	u32 mask = 1u << NEED_NOTHING | 1u << NEED_FAR | 1u << NEED_FAR_64;

	for (u32 i = 0; i < ARRAY_SIZE(needs); i++)
		if (cpu_has(needs[i].feature) &&
		    (components & needs[i].components) == needs[i].components)
			mask |= 1u << needs[i].need;
	if (mask >> NEED_XSAVE & 1 && cpuid(0xd, 1).a & 2)
		mask |= 1u << NEED_XSAVEC;
	return mask;
}

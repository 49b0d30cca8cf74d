// SPDX-License-Identifier: MIT
#include "mm/pmem/wb_cache.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"

enum wb_cache wb_cache = WB_NONE;
static u64 line = 64; /* bytes; wb_cache_init() asks the CPU */

bool wb_cache_has(enum wb_cache which)
{
	static const u64 features[] = {
		[WB_CLWB] = FEATURE_CLWB,
		[WB_CLFLUSHOPT] = FEATURE_CLFLUSHOPT,
		[WB_CLFLUSH] = FEATURE_CLFSH,
	};

	return which == WB_NONE || cpu_has(features[which]);
}

const char *wb_cache_name(enum wb_cache which)
{
	static const char *const names[] = { "CLWB", "CLFLUSHOPT", "CLFLUSH", "nothing" };

	return names[which];
}

void wb_cache_init(void)
{
	u64 size = (cpuid(1, 0).b >> 8 & 0xff) * 8;

	wb_cache = WB_CLWB;
	while (!wb_cache_has(wb_cache))
		wb_cache++;
	if (size && !(size & (size - 1)))
		line = size;
}

void arch_wb_cache_pmem(const void *addr, size_t size)
{
	u64 at = (u64)addr & ~(line - 1), end = (u64)addr + size;

	switch (wb_cache) {
	case WB_CLWB:
		for (; at < end; at += line)
			clwb(at);
		break;
	case WB_CLFLUSHOPT:
		for (; at < end; at += line)
			clflushopt(at);
		break;
	case WB_CLFLUSH:
		for (; at < end; at += line)
			clflush(at);
		break;
	case WB_NONE:
		break;
	}
	sfence();
}

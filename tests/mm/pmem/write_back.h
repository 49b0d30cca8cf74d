/* SPDX-License-Identifier: MIT */
/* The instructions that write lines of persistent memory back, for who steps through their code. */
#ifndef KEYWARD_TESTS_MM_PMEM_WRITE_BACK_H
#define KEYWARD_TESTS_MM_PMEM_WRITE_BACK_H

#include "kernel/lib/string.h"
#include "mm/pmem/wb_cache.h"

/* True if the instruction at `rip` writes back the line at (%rax), by this instruction. */
static inline bool at_write_back(u64 rip, enum wb_cache which)
{
	static const u8 bytes[][4] = { [WB_CLWB] = { 0x66, 0x0f, 0xae, 0x30 },
				       [WB_CLFLUSHOPT] = { 0x66, 0x0f, 0xae, 0x38 },
				       [WB_CLFLUSH] = { 0x0f, 0xae, 0x38 } };

	return which < WB_NONE && !memcmp((void *)rip, bytes[which], which == WB_CLFLUSH ? 3 : 4);
}

/* True if it is SFENCE. */
static inline bool at_sfence(u64 rip)
{
	static const u8 bytes[] = { 0x0f, 0xae, 0xf8 };

	return !memcmp((void *)rip, bytes, sizeof(bytes));
}

#endif

// SPDX-License-Identifier: MIT
#include "kernel/cpu/cpu_type.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/lib/printf.h"

#define LEAF_CORE 0x1a /* SDM Vol. 2A, "CPUID": Native Model ID Enumeration Leaf */
#define CORE_ATOM 0x20
#define CORE_CORE 0x40

struct cpu_type cpu_type_read(void)
{
	bool has_core = cpuid(0, 0).a >= LEAF_CORE;

	return (struct cpu_type){
		.signature = cpuid(1, 0).a,
		.core = has_core ? (u8)(cpuid(LEAF_CORE, 0).a >> 24) : 0,
		.pks = cpu_has(FEATURE_PKS),
	};
}

static const char *core_name(u8 core)
{
	switch (core) {
	case 0:
		return "";
	case CORE_ATOM:
		return ", E core";
	case CORE_CORE:
		return ", P core";
	default:
		return ", core of another type";
	}
}

void cpu_type_print(const struct cpu_type *type, char *text)
{
	u32 s = type->signature, family = s >> 8 & 15, model = s >> 4 & 15;

	if (family == 6 || family == 15)
		model |= s >> 12 & 0xf0;
	if (family == 15)
		family += s >> 20 & 0xff;
	ksnprintf(text, CPU_TYPE_TEXT, "family %u, model %02xH, stepping %u%s, %s", family, model,
		  s & 15, core_name(type->core), type->pks ? "pks" : "no pks");
}

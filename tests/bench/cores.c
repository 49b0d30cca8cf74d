// SPDX-License-Identifier: MIT
#include "tests/bench/cores.h"
#include "kernel/lib/printf.h"

u32 cores_find(const struct cpu_type *(*type_of)(u32 i), u32 n, u32 first[CORES_MAX])
{
	u32 found = 0;

	for (u32 i = 0; i < n && found < CORES_MAX; i++) {
		u32 k = 0;

		while (k < found && !cpu_type_same(type_of(i), type_of(first[k])))
			k++;
		if (k == found)
			first[found++] = i;
	}
	return found;
}

void core_name(const struct cpu_type *type, u32 first, u32 types, char *text)
{
	/* CPUID.1AH:EAX[31:24]: SDM Vol. 2A, "CPUID", "Native Model ID Enumeration Leaf". */
	char letter = type->core == 0x40 ? 'P' : type->core == 0x20 ? 'E' : 'X';

	if (types == 1)
		text[0] = '\0';
	else
		ksnprintf(text, CORE_NAME, "@%c%u", letter, first);
}

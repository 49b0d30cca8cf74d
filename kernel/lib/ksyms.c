// SPDX-License-Identifier: MIT
#include "kernel/lib/ksyms.h"
#include "kernel/lib/string.h"

/*
 * The table that tools/ksyms writes after a first link: addresses in ascending order, each with the
 * offset of its name, then text_end. In the first link it is empty.
 */
struct ksym {
	u64 start, name;
};

extern const u32 ksyms_count;
extern const struct ksym ksyms[];
extern const char ksyms_names[];
extern const char text_end[];

bool ksym_lookup(u64 addr, const char **name, u64 *offset, u64 *size)
{
	u32 low = 0, high = ksyms_count;

	if (ksyms_count == 0 || addr < ksyms[0].start || addr >= (u64)text_end)
		return false;
	while (high - low > 1) {
		u32 middle = (low + high) / 2;

		if (ksyms[middle].start <= addr)
			low = middle;
		else
			high = middle;
	}
	*name = ksyms_names + ksyms[low].name;
	*offset = addr - ksyms[low].start;
	*size = ksyms[low + 1].start - ksyms[low].start;
	return true;
}

bool ksym_find(const char *name, u64 *addr)
{
	for (u32 i = 0; i < ksyms_count; i++) {
		if (!strcmp(ksyms_names + ksyms[i].name, name)) {
			*addr = ksyms[i].start;
			return true;
		}
	}
	return false;
}

// SPDX-License-Identifier: MIT
#include "monitor/names.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/percpu.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/ksyms.h"
#include "kernel/lib/options.h"
#include "kernel/lib/string.h"
#include "mm/kmap/kmap_check.h"
#include "pks/policy/fault.h"

extern const char image_start[], rodata_start[], data_start[], image_end[];

/* Variables, which the kernel's symbol table lacks, and the map of kernel/cpu/layout.h. */
static const struct {
	const char *name;
	u64 value;
} known[] = {
	{ "boot_cpu", (u64)&boot_cpu },
	{ "options", (u64)&options },
	{ "pks_stats", (u64)&pks_stats },
	{ "image", (u64)image_start },
	{ "rodata", (u64)rodata_start },
	{ "data", (u64)data_start },
	{ "image_end", (u64)image_end },
	{ "direct", DIRECT_BASE },
	{ "vmap", VMAP_BASE },
	{ "vmemmap", VMEMMAP_BASE },
};

/* For the monitor's thread only. */
static struct page *pages[NAMED_PAGES];
static u32 page_count;

bool names_full(void)
{
	return page_count == NAMED_PAGES;
}

int name_page(struct page *page)
{
	BUG_ON(names_full());
	pages[page_count] = page;
	return (int)page_count++;
}

static bool page_name(const char *name, u64 *value)
{
	u32 number = 0;

	if (strncmp(name, "page", 4) || !name[4])
		return false;
	for (name += 4; *name >= '0' && *name <= '9' && number < NAMED_PAGES; name++)
		number = number * 10 + (u32)(*name - '0');
	if (*name || number >= page_count)
		return false;
	*value = (u64)page_address(pages[number]);
	return true;
}

bool name_value(const char *name, u64 *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (!strcmp(known[i].name, name)) {
			*value = known[i].value;
			return true;
		}
	}
	return page_name(name, value) || ksym_find(name, value);
}

const char *rights_name(u32 pkrs, u32 key)
{
	static const char *const names[] = { "read, write", "no access", "read only", "no access" };

	return names[pkrs_rights(pkrs, key)];
}

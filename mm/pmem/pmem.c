// SPDX-License-Identifier: MIT
#include "mm/pmem/pmem.h"
#include "boot/acpi/acpi_registers.h"
#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/lib/options.h"
#include "kernel/lib/printf.h"
#include "mm/init.h"
#include "mm/page_alloc.h"
#include "mm/pmem/pmem_disk.h"
#include "mm/pmem/wb_cache.h"
#include "mm/vmemmap.h"
#include "pks/keys.h"

#define PMEM_MAX (OPTIONS_PMEM + ACPI_PMEM_MAX)

static const char *const source_names[] = { [PMEM_WORD] = "pmem=", [PMEM_NFIT] = "NFIT" };

#define PMEM_ORDER 1
_Static_assert(PMEM_MAX * sizeof(struct pmem) <= PAGE_SIZE << PMEM_ORDER, "the devices' block");

static struct pmem *devices; /* PMEM_MAX; allocated at boot if anything names a range */
u32 pmem_count;

struct pmem *pmem_get(u32 i)
{
	return i < pmem_count ? &devices[i] : NULL;
}

int pmem_map(struct pmem *pmem)
{
	int err = memremap_pages(&pmem->pgmap);

	if (err)
		return err;
	err = pmem_disk_map(pmem);
	if (err)
		memunmap_pages(&pmem->pgmap);
	return err;
}

int pmem_unmap(struct pmem *pmem)
{
	int err = memunmap_pages(&pmem->pgmap);

	if (!err)
		pmem_disk_unmap(pmem);
	return err;
}

static bool overlaps_another(u64 start, u64 size)
{
	for (u32 i = 0; i < pmem_count; i++)
		if (start < devices[i].phys + devices[i].size && devices[i].phys < start + size)
			return true;
	return false;
}

static struct pmem *add(u64 start, u64 size)
{
	struct pmem *pmem = &devices[pmem_count];

	*pmem = (struct pmem){ .phys = start, .size = size };
	ksnprintf(pmem->name, sizeof(pmem->name), "pmem%u", pmem_count++);
	pmem->pgmap = (struct dev_pagemap){
		.phys = start,
		.pages = size >> PAGE_SHIFT,
		.flags = PGMAP_PROTECTION,
		.owner = pmem->name,
	};
	pmem->dax.pgmap = &pmem->pgmap;
	return pmem;
}

/* Returns why not, or NULL. */
static const char *give_struct_pages(u64 start, u64 size)
{
	switch (vmemmap_add(start, start + size)) {
	case 0:
		return NULL;
	case -ENOSPC:
		return "there are too many ranges of memory";
	default:
		return "there is too little RAM for its struct pages";
	}
}

static void take(const struct pmem_limits *limits, enum pmem_source source, u64 start, u64 size)
{
	const char *why = pmem_refusal(limits, source, start, size);
	struct pmem *pmem;

	if (!why && overlaps_another(start, size))
		why = "it overlaps another range of persistent memory";
	if (!why)
		why = give_struct_pages(start, size);
	if (why) {
		pr("# pmem: %p+0x%lx (%s) is not used: %s\n", (void *)start, size,
		   source_names[source], why);
		return;
	}
	pmem = add(start, size);
	if (pmem_map(pmem))
		pr("# %s: %p+0x%lx (%s) is not mapped: no memory for page tables\n", pmem->name,
		   (void *)start, size, source_names[source]);
	else
		pr("# %s: %lu KiB at %p (%s), key %u (%s)%s\n", pmem->name, size >> 10,
		   (void *)start, source_names[source], pmem->pgmap.first->pkey,
		   pks_key_owner(pmem->pgmap.first->pkey),
		   pmem->disk ? "" : ", too large for the block driver's addresses");
}

void pmem_init(const struct boot_info *info)
{
	const struct pmem_limits limits = mm_pmem_limits(info);
	struct page *block;

	wb_cache_init();
	if (!options.pmem[0].size && !acpi.pmem_count)
		return;
	block = page_alloc(PMEM_ORDER);
	if (!block)
		panic("no memory for the devices of persistent memory");
	devices = page_to_virt(block);
	for (u32 i = 0; i < OPTIONS_PMEM && options.pmem[i].size; i++)
		take(&limits, PMEM_WORD, options.pmem[i].start, options.pmem[i].size);
	for (u32 i = 0; i < acpi.pmem_count; i++)
		take(&limits, PMEM_NFIT, acpi.pmem[i].base, acpi.pmem[i].len);
	if (pmem_count)
		pr("# pmem: lines are written back by %s\n", wb_cache_name(wb_cache));
}

// SPDX-License-Identifier: MIT
#include "mm/bootmem.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/layout.h"
#include "mm/page.h"

struct ranges bootmem_free;

/* The end of what phys_to_virt() can address. */
static u64 reach = BOOT_MAPPED;

void bootmem_reach(u64 end)
{
	reach = end;
}

/* The memory map may claim RAM that does not exist. */
bool bootmem_keeps(u64 phys)
{
	volatile u64 *first = phys_to_virt(phys);

	*first = ~phys;
	asm volatile("clflush %0; mfence" : "+m"(*first)); /* the cache keeps it in any case */
	return *first == ~phys;
}

/* Writes 8 bytes a step: an emulator executes each step of a string instruction separately. */
static void zero(void *p, u64 size)
{
	size /= 8;
	asm volatile("rep stosq" : "+D"(p), "+c"(size) : "a"(0) : "memory");
}

u64 bootmem_take(u64 size, u64 from, u64 to)
{
	to = MIN(to, reach);
	for (u32 i = 0; i < bootmem_free.count; i++) {
		const struct range *r = &bootmem_free.r[i];
		u64 phys = ALIGN_UP(MAX(r->start, from), size);

		if (phys >= MIN(r->end, to) || MIN(r->end, to) - phys < size)
			continue;
		ranges_subtract(&bootmem_free, phys, phys + size);
		for (u64 frame = phys; frame < phys + size; frame += PAGE_SIZE)
			if (!bootmem_keeps(frame))
				panic("the memory map has RAM at %p that does not keep data",
				      (void *)frame);
		zero(phys_to_virt(phys), size);
		return phys;
	}
	return 0;
}

u64 bootmem_alloc(void)
{
	u64 phys = bootmem_take(PAGE_SIZE, 0, reach);

	if (!phys)
		panic("no memory below %lu GiB is left for page tables", reach >> 30);
	return phys;
}

// SPDX-License-Identifier: MIT
#include "mm/ram.h"
#include "kernel/cpu/layout.h"
#include "kernel/cpu/x86.h"

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

#define NEVER_PMEM (BIT(BOOT_MEM_ACPI) | BIT(BOOT_MEM_NVS) | BIT(BOOT_MEM_BAD))

/* Above the last page, rounding up would wrap. */
#define LAST_PAGE (~0ULL - PAGE_SIZE + 1)

static u64 round_up(u64 addr)
{
	return addr > LAST_PAGE ? ~0ULL : ALIGN_UP(addr, PAGE_SIZE);
}

static u64 subtract(struct ranges *ram, u64 start, u64 end)
{
	u64 before = ranges_total(ram);

	ranges_subtract(ram, start, end);
	return before - ranges_total(ram);
}

void ram_find(struct ranges *ram, const struct boot_info *info, u64 limit, struct ram_lost *lost)
{
	*lost = (struct ram_lost){ 0 };
	*ram = (struct ranges){ 0 };
	for (u32 i = 0; i < info->mem_count; i++) {
		const struct boot_mem *m = &info->mem[i];

		if (m->type == BOOT_MEM_RAM)
			ranges_add(ram, round_up(m->base), ALIGN_DOWN(m->base + m->len, PAGE_SIZE));
	}
	ranges_subtract(ram, VGA_START, VGA_END);
	for (u32 i = 0; i < info->mem_count; i++) {
		const struct boot_mem *m = &info->mem[i];

		if (m->type != BOOT_MEM_RAM)
			lost->contradicted += subtract(ram, ALIGN_DOWN(m->base, PAGE_SIZE),
						       round_up(m->base + m->len));
	}
	lost->beyond = subtract(ram, limit, ~0ULL);
}

/* Returns the part of a range above RAM_LOW. */
static u64 high_start(const struct range *r)
{
	return MAX(r->start, RAM_LOW);
}

static u64 high_length(const struct range *r)
{
	return r->end > RAM_LOW ? r->end - high_start(r) : 0;
}

/* Returns how much each high range may keep, so that all of them together keep at most `bytes`. */
static u64 share_of(const struct ranges *ram, u64 bytes)
{
	u64 share = 0, last;

	do { /* each round gives what the small ranges leave to the larger ones */
		u64 left = bytes, larger = 0;

		last = share;
		for (u32 i = 0; i < ram->count; i++) {
			u64 len = high_length(&ram->r[i]);

			if (len <= share)
				left -= len;
			else
				larger++;
		}
		if (larger)
			share = left / larger;
	} while (share > last);
	return share;
}

/*
 * Cuts the middle out of the high part of range `i`, which is larger than the share. Half a share
 * is more than a step, so the rounded cut stays in the range.
 */
static void cut(struct ranges *ram, u32 i, u64 share)
{
	u64 start = high_start(&ram->r[i]), end = ram->r[i].end;
	u64 step = share >= 8 * GIB ? GIB : share >= 16 * MIB ? 2 * MIB : PAGE_SIZE;
	u64 from = ALIGN_DOWN(start + share / 2, step);
	u64 to = ALIGN_UP(end - (share - (from - start)), step);

	ranges_subtract(ram, from, to);
}

void ram_select(struct ranges *ram, u64 bytes)
{
	u64 high = 0, low, share;

	for (u32 i = 0; i < ram->count; i++)
		high += high_length(&ram->r[i]);
	low = ranges_total(ram) - high;
	if (bytes <= low) {
		ranges_limit(ram, bytes);
		return;
	}
	share = share_of(ram, bytes - low);
	for (u32 i = ram->count; i--;) /* a cut adds a range behind this one */
		if (high_length(&ram->r[i]) > share)
			cut(ram, i, share);
}

/*
 * Whether the map has a byte of [start, end) as one of these types. Firmware calls persistent
 * memory reserved (2) as often as persistent, or does not list it.
 */
static bool map_has(const struct boot_info *info, u64 types, u64 start, u64 end)
{
	for (u32 i = 0; i < info->mem_count; i++) {
		const struct boot_mem *m = &info->mem[i];

		if (m->type < 64 && types & BIT(m->type) && start < m->base + m->len &&
		    m->base < end)
			return true;
	}
	return false;
}

/* Whether the map has all of [start, end) as RAM or persistent memory, and none as anything else.
 */
static bool map_has_memory(const struct boot_info *info, u64 start, u64 end)
{
	u64 before;

	for (u32 i = 0; i < info->mem_count; i++) {
		const struct boot_mem *m = &info->mem[i];

		if (m->type != BOOT_MEM_RAM && m->type != BOOT_MEM_PMEM &&
		    start < m->base + m->len && m->base < end)
			return false;
	}
	do { /* entries come in any order; each round goes on behind one of them */
		before = start;
		for (u32 i = 0; i < info->mem_count; i++) {
			const struct boot_mem *m = &info->mem[i];

			if (m->base <= start && start < m->base + m->len)
				start = m->base + m->len;
		}
	} while (start > before && start < end);
	return start >= end;
}

static bool option_touches(const struct options_range *r, u64 start, u64 end)
{
	return r->size && r->start < end && start < r->start + r->size;
}

static bool is_reserved(const struct options_range *reserve, u64 start, u64 end)
{
	for (u32 i = 0; i < OPTIONS_RESERVE; i++)
		if (option_touches(&reserve[i], start, end))
			return true;
	return false;
}

static bool is_device(const struct pmem_limits *limits, u64 start, u64 end)
{
	for (u32 i = 0; i < limits->device_count; i++)
		if (start < limits->devices[i].end && limits->devices[i].start < end)
			return true;
	return false;
}

const char *pmem_refusal(const struct pmem_limits *limits, enum pmem_source source, u64 start,
			 u64 size)
{
	u64 end;

	if (!size || __builtin_add_overflow(start, size, &end))
		return "it is empty, or wraps";
	if ((start | size) & (PAGE_SIZE - 1))
		return "it does not consist of whole pages";
	if (end > limits->end)
		return "it ends beyond the direct map or the CPU's addresses";
	if (start < limits->kernel_end)
		return "the kernel is there, and memory for real mode";
	if (is_reserved(limits->reserve, start, end))
		return "reserve= leaves it unused";
	if (is_device(limits, start, end))
		return "a device's registers or a framebuffer are there";
	if (source == PMEM_NFIT && map_has(limits->info, BIT(BOOT_MEM_RAM), start, end))
		return "the memory map has RAM there";
	if (source == PMEM_NFIT && map_has(limits->info, NEVER_PMEM, start, end))
		return "the memory map has ACPI's memory or bad memory there";
	if (source == PMEM_WORD && !map_has_memory(limits->info, start, end))
		return "the memory map has no memory there";
	return NULL;
}

const char *registers_refusal(const struct pmem_limits *limits, u64 start, u64 size)
{
	const u64 memory = NEVER_PMEM | BIT(BOOT_MEM_RAM) | BIT(BOOT_MEM_PMEM);
	u64 end;

	if (!size)
		return "it has no size";
	if (!start)
		return "it has no address";
	if (__builtin_add_overflow(start, size, &end) || end > limits->end)
		return "it ends beyond the CPU's physical addresses";
	if (start < limits->kernel_end)
		return "the kernel is there, and memory for real mode";
	if (map_has(limits->info, memory, start, end))
		return "the memory map has memory there";
	if (is_device(limits, start, end))
		return "another device's registers or a framebuffer are there";
	return NULL;
}

bool pmem_touches(const struct pmem_limits *limits, const struct options_range *words, u64 start,
		  u64 end)
{
	for (u32 i = 0; i < OPTIONS_PMEM; i++)
		if (option_touches(&words[i], start, end) &&
		    !pmem_refusal(limits, PMEM_WORD, words[i].start, words[i].size))
			return true;
	return map_has(limits->info, BIT(BOOT_MEM_PMEM), start, end);
}

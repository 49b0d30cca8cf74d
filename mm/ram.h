/* SPDX-License-Identifier: MIT */
/* Finds which memory is RAM or persistent, and selects what is used. Pure: host-built too. */
#ifndef KEYWARD_MM_RAM_H
#define KEYWARD_MM_RAM_H

#include "kernel/lib/boot_info.h"
#include "kernel/lib/options.h"
#include "kernel/lib/ranges.h"

/* RAM of the memory map that is not used, in bytes. */
struct ram_lost {
	u64 contradicted; /* another entry calls it something else */
	u64 beyond;       /* at or above the limit */
};

/*
 * Fills *ram with all whole pages that one entry of the map calls RAM and no other contradicts,
 * below `limit` and outside a PC's video memory. *lost gets what is left out.
 */
void ram_find(struct ranges *ram, const struct boot_info *info, u64 limit, struct ram_lost *lost);

/* ram_select() keeps memory below this address first, for what has only 32-bit addresses. */
#define RAM_LOW (4ULL << 30)

/*
 * Reduces *ram to `bytes`, or somewhat less. Keeps memory below RAM_LOW first, from its start; then
 * an equal share of each range above, half from its start and half from its end, so that all ranges
 * and the highest addresses are in use. A range smaller than its share leaves the rest to the
 * others. Large shares are cut at multiples of large pages.
 */
void ram_select(struct ranges *ram, u64 bytes);

/* Who says that a range is persistent memory. */
enum pmem_source {
	PMEM_WORD, /* pmem= on the command line: RAM, or what the map calls persistent */
	PMEM_NFIT, /* the firmware: then it is no RAM */
};

/* What a range of persistent memory is compared with. */
struct pmem_limits {
	const struct boot_info *info; /* its memory map */
	const struct range *devices;  /* registers and framebuffers */
	u32 device_count;
	const struct options_range *reserve; /* OPTIONS_RESERVE ranges */
	u64 kernel_end;                      /* the kernel's, and real mode's, begin at 0 */
	u64 end;                             /* of what the direct map and the CPU can address */
};

/* Returns why [start, start + size) cannot be used as persistent memory, as static text, or NULL.
 */
const char *pmem_refusal(const struct pmem_limits *limits, enum pmem_source source, u64 start,
			 u64 size);

/*
 * Returns why a device's registers cannot be at [start, start + size), as static text, or NULL.
 * Looks at limits->end, the memory map, the kernel's memory and the devices.
 */
const char *registers_refusal(const struct pmem_limits *limits, u64 start, u64 size);

/*
 * Whether a byte of [start, end) is persistent memory by the memory map, or by `words`,
 * OPTIONS_PMEM ranges, without those that are refused.
 */
bool pmem_touches(const struct pmem_limits *limits, const struct options_range *words, u64 start,
		  u64 end);

#endif

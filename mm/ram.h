/* SPDX-License-Identifier: MIT */
/* Which memory is RAM, and which of it is used. Pure: host-built too. */
#ifndef KEYWARD_MM_RAM_H
#define KEYWARD_MM_RAM_H

#include "kernel/lib/boot_info.h"
#include "kernel/lib/ranges.h"

/* What the memory map calls RAM and is none for us, in bytes. */
struct ram_lost {
	u64 contradicted; /* another entry calls it something else */
	u64 beyond;       /* from the limit on */
};

/*
 * Makes *ram of all whole pages that an entry of the map calls RAM and no other entry contradicts,
 * below `limit` and outside of a PC's video memory.
 */
void ram_find(struct ranges *ram, const struct boot_info *info, u64 limit, struct ram_lost *lost);

/* Memory below this address is used before any other: what has 32-bit addresses only needs it. */
#define RAM_LOW (4ULL << 30)

/*
 * Leaves `bytes` of *ram, or somewhat less: first what is below RAM_LOW, from its start; then as
 * much of each range above, half from its start and half from its end, so that all of them and the
 * highest addresses are in use. A range that is smaller than its share leaves the rest to others.
 * Cuts are at multiples of large pages where the shares are large.
 */
void ram_select(struct ranges *ram, u64 bytes);

#endif

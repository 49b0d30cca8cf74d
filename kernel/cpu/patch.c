// SPDX-License-Identifier: MIT
#include "kernel/cpu/patch.h"
#include "kernel/lib/string.h"
#include "kernel/lib/types.h"

struct magic_site {
	u64 at, point, thunk;
};

extern const struct magic_site magic_sites_start[], magic_sites_end[];

/* CALL rel32; the distance counts from behind it. */
static void write_call(u64 at, u64 to)
{
	u8 code[5] = { 0xe8 };
	u32 distance = (u32)(to - at - sizeof(code));

	memcpy(code + 1, &distance, sizeof(distance));
	memcpy((void *)at, code, sizeof(code));
}

void magic_patch(u32 mask, bool trace)
{
	/* xchg %bx, %bx, and a NOP of two bytes */
	static const u8 magic[5] = { 0x66, 0x87, 0xdb, 0x66, 0x90 };

	for (const struct magic_site *site = magic_sites_start; site < magic_sites_end; site++) {
		if (trace && site->thunk)
			write_call(site->at, site->thunk);
		else if (site->point & mask)
			memcpy((void *)site->at, magic, sizeof(magic));
	}
}

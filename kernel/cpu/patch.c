// SPDX-License-Identifier: MIT
#include "kernel/cpu/patch.h"
#include "kernel/lib/string.h"
#include "kernel/lib/types.h"

struct patch_site {
	u64 at, point, trampoline;
};

extern const struct patch_site patch_sites_start[], patch_sites_end[];

/* CALL rel32; the displacement counts from the next instruction. */
static void write_call(u64 at, u64 to)
{
	u8 code[5] = { 0xe8 };
	u32 distance = (u32)(to - at - sizeof(code));

	memcpy(code + 1, &distance, sizeof(distance));
	memcpy((void *)at, code, sizeof(code));
}

void patch_apply(u32 mask, bool trace)
{
	/* xchg %bx, %bx, and a NOP of two bytes */
	static const u8 magic[5] = { 0x66, 0x87, 0xdb, 0x66, 0x90 };

	for (const struct patch_site *site = patch_sites_start; site < patch_sites_end; site++) {
		if (trace && site->trampoline)
			write_call(site->at, site->trampoline);
		else if (site->point & mask)
			memcpy((void *)site->at, magic, sizeof(magic));
	}
}

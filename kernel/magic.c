// SPDX-License-Identifier: MIT
#include "kernel/magic.h"
#include "kernel/string.h"
#include "kernel/types.h"

struct magic_site {
	u64 at, point;
};

extern const struct magic_site magic_sites_start[], magic_sites_end[];

void magic_patch(u32 mask)
{
	static const u8 xchg_bx_bx[3] = { 0x66, 0x87, 0xdb };

	for (const struct magic_site *site = magic_sites_start; site < magic_sites_end; site++)
		if (site->point & mask)
			memcpy((void *)site->at, xchg_bx_bx, sizeof(xchg_bx_bx));
}

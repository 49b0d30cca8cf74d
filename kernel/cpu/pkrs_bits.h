/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic on PKRS values, without the register. Pure; also built on the host.
 *
 *     bit  31 30   ...   3  2    1  0
 *          WD AD        WD AD   WD AD
 *          key 15       key 1   key 0        (SDM Vol. 3A, "Protection Keys")
 *
 * AD denies every data access through the key, WD denies writes. "No access" sets both bits, not
 * AD alone, so that granting only ever clears bits (READ clears AD, WRITE clears both) and a
 * nested grant can never narrow the one around it.
 */
#ifndef KEYWARD_KERNEL_CPU_PKRS_BITS_H
#define KEYWARD_KERNEL_CPU_PKRS_BITS_H

#define PKS_KEYS 16

/* Rights, as the two bits of one key. */
#define PKS_NOACCESS  3
#define PKS_NOWRITE   2
#define PKS_READWRITE 0

/* Keys with fixed numbers; pks_key_alloc() gives out the rest. */
#define PKS_KEY_DEFAULT       0 /* all other memory: never restricted */
#define PKS_KEY_DEVMAP        1 /* device memory with struct pages (PMEM) */
#define PKS_KEY_RO            2 /* readable by every context, writable on grant */
#define PKS_KEY_FIRST_DYNAMIC 3

/*
 * Initial rights of every context. A plain number, because the entry path compares with it as an
 * immediate; pks/keys.c asserts that it matches the key table. Unallocated keys are denied, so that
 * allocating one changes no context's rights.
 */
#define PKRS_INIT 0xffffffec

#ifndef __ASSEMBLER__

#include "kernel/lib/types.h"

/* Access to ask for, as in pks_grant(key, PKS_READ). PKS_WRITE includes reading. */
enum pks_access { PKS_READ = 1, PKS_WRITE = 3 };

static inline u32 pkrs_mask(u32 key)
{
	return 3u << (2 * key);
}

static inline u32 pkrs_rights(u32 pkrs, u32 key)
{
	return pkrs >> (2 * key) & 3;
}

static inline u32 pkrs_with(u32 pkrs, u32 key, u32 rights)
{
	return (pkrs & ~pkrs_mask(key)) | rights << (2 * key);
}

/* The bits that must be clear for an access of this kind: AD to read, AD and WD to write. */
static inline u32 pkrs_needs_clear(u32 key, enum pks_access access)
{
	return (u32)access << (2 * key);
}

static inline bool pkrs_permits(u32 pkrs, u32 key, enum pks_access access)
{
	return !(pkrs & pkrs_needs_clear(key, access));
}

#endif
#endif

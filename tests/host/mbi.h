/* SPDX-License-Identifier: MIT */
/* Builds multiboot2 boot information for tests and fuzzers, valid or broken. */
#ifndef KEYWARD_TESTS_HOST_MBI_H
#define KEYWARD_TESTS_HOST_MBI_H

#include <string.h>

#include "kernel/lib/types.h"

#define MBI_MAX 16384

struct mbi {
	u8 bytes[MBI_MAX];
	size_t len;
};

struct mbi_entry {
	u64 base, len;
	u32 type, zero;
};

static inline void mbi_u32(struct mbi *mbi, size_t at, u32 value)
{
	memcpy(mbi->bytes + at, &value, sizeof(value));
}

static inline void mbi_begin(struct mbi *mbi)
{
	memset(mbi, 0, sizeof(*mbi));
	mbi->len = 8;
}

/* Appends a tag whose header says `size`, whatever its content's length; returns its offset. */
static inline size_t mbi_tag_sized(struct mbi *mbi, u32 type, u32 size, const void *content,
				   size_t len)
{
	size_t at = mbi->len;

	mbi_u32(mbi, at, type);
	mbi_u32(mbi, at + 4, size);
	if (len)
		memcpy(mbi->bytes + at + 8, content, len);
	mbi->len = at + ((8 + len + 7) & ~(size_t)7);
	return at;
}

static inline size_t mbi_tag(struct mbi *mbi, u32 type, const void *content, size_t len)
{
	return mbi_tag_sized(mbi, type, (u32)len + 8, content, len);
}

static inline size_t mbi_mmap(struct mbi *mbi, const struct mbi_entry *entries, size_t count)
{
	u8 content[MBI_MAX] = { sizeof(*entries) };

	if (count)
		memcpy(content + 8, entries, count * sizeof(*entries));
	return mbi_tag(mbi, 6, content, 8 + count * sizeof(*entries));
}

static inline void mbi_close(struct mbi *mbi)
{
	mbi_u32(mbi, 0, (u32)mbi->len);
}

static inline void mbi_end(struct mbi *mbi)
{
	mbi_tag(mbi, 0, NULL, 0);
	mbi_close(mbi);
}

/* One of each tag that is used and one that is not, in an order that GRUB might use. */
static inline void mbi_good(struct mbi *mbi)
{
	static const struct mbi_entry map[] = {
		{ 0, 0x9fc00, 1, 0 },
		{ 0xf0000, 0x10000, 2, 0 },
		{ 0x100000, 0x7fee0000, 1, 0 },
		{ 0x100000000, 0x40000000, 7, 0 },
	};
	/* 0xb8000, pitch 160, 80 x 25, 16 bits, EGA text */
	static const u8 fb[24] = { 0,  0x80, 0xb, 0, 0,  0, 0, 0, 160, 0, 0, 0,
				   80, 0,    0,   0, 25, 0, 0, 0, 16,  2, 0, 0 };
	u8 rsdp[36];

	for (u8 i = 0; i < sizeof(rsdp); i++)
		rsdp[i] = (u8)(0x80 + i);
	mbi_begin(mbi);
	mbi_tag(mbi, 1, "pks=strict seed=7", sizeof("pks=strict seed=7"));
	mbi_tag(mbi, 2, "GRUB 2.06", sizeof("GRUB 2.06"));
	mbi_tag(mbi, 4, "\0\2\0\0\0\374\1\0", 8);
	mbi_mmap(mbi, map, 4);
	mbi_tag(mbi, 8, fb, sizeof(fb));
	mbi_tag(mbi, 14, rsdp, 20);
	mbi_tag(mbi, 15, rsdp, 36);
	mbi_end(mbi);
}

#endif

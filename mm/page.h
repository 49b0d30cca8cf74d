/* SPDX-License-Identifier: MIT */
/* struct page, one for each frame of RAM and of persistent memory, in the vmemmap. */
#ifndef KEYWARD_MM_PAGE_H
#define KEYWARD_MM_PAGE_H

#include "kernel/cpu/layout.h"
#include "kernel/cpu/x86.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/list.h"
#include "kernel/lib/ranges.h"
#include "kernel/lib/types.h"

#define PAGE_ORDERS 19 /* blocks of 2^0 to 2^18 frames: 4 KiB to 1 GiB */

enum page_flags {
	PG_FREE = 1,   /* head of a free block; under the allocator's lock */
	PG_DEVMAP = 2, /* in a protected device range; its owner sets it: mm/kmap/devmap.h */
	PG_PGMAP = 4,  /* pgmap is valid; set by mm/kmap/memremap.c */
	/* Of frames of user memory, mm/gup/user_page.h: set and cleared atomically. */
	PG_USER = 8,     /* `users` and `guard` are valid in the block's first frame */
	PG_LARGE = 16,   /* the block has 2 MiB; else it is this frame */
	PG_PRIVATE = 32, /* the kernel may not access the frame: mm/gup/accessible.h */
	PG_DIRTY = 64,   /* first frame of a file's block: to be written back */
};

/* In place of the key of a frame without memory, in a frame of the vmemmap: mm/vmemmap.c. */
#define PAGE_NO_RAM 0xff

struct dev_pagemap;
struct page_guard;

struct page {
	union {
		struct list_head list;     /* free blocks: the allocator's; else the owner's */
		struct dev_pagemap *pgmap; /* PG_PGMAP: of the device range: mm/kmap/memremap.h */
		struct {
			struct page_guard *guard; /* who may make frames private; NULL: nobody */
			u64 users;                /* three counts in one word, atomic */
		};                                /* PG_USER: mm/gup/user_page.h */
	};
	u32 kmap_site;   /* low half of the address of the last kmap()'s caller; racy, a hint */
	u32 marks;       /* kmap()s without their kunmap() yet, with marks=page; atomic */
	u8 flags;        /* enum page_flags */
	u8 order;        /* of the block that it heads; under the allocator's lock */
	u8 pkey;         /* of its direct mapping, or PAGE_NO_RAM; set_memory_pkey() writes it */
	bool had_key;    /* pkey was set since the boot: a map may be left; never cleared again */
	u32 kmap_thread; /* number of the last kmap()'s thread + 1, or 0; racy, a hint */
};
_Static_assert(sizeof(struct page) == 32, "the vmemmap is 1/128 of RAM");
_Static_assert(offsetof(struct page, had_key) == offsetof(struct page, pkey) + 1, "one u16");

static inline u64 page_to_pfn(const struct page *page)
{
	return ((u64)page - VMEMMAP_BASE) / sizeof(struct page);
}

static inline struct page *pfn_to_page(u64 pfn)
{
	return (struct page *)VMEMMAP_BASE + pfn;
}

static inline u64 page_to_phys(const struct page *page)
{
	return page_to_pfn(page) << PAGE_SHIFT;
}

/* Returns the direct-map address of a physical address. For memory with struct pages only. */
static inline void *phys_to_virt(u64 phys)
{
	return (void *)(DIRECT_BASE + phys);
}

static inline u64 virt_to_phys(const void *virt)
{
	return (u64)virt - DIRECT_BASE;
}

/* Returns the page's direct-map address, without the kmap check: for mm/ itself. */
static inline void *page_to_virt(const struct page *page)
{
	return phys_to_virt(page_to_phys(page));
}

static inline bool is_direct_map(u64 va)
{
	return va >= DIRECT_BASE && va < DIRECT_BASE + DIRECT_SIZE;
}

/* All memory that has struct pages: RAM, and persistent memory. Read-only after boot. */
extern struct ranges page_ranges;

/* The range of the last lookup, likely the next one's too. A hint: any context writes it. */
extern u32 page_hint;

/* Returns the page of a physical address if it is in the hint's range, else NULL. Any context. */
static inline struct page *phys_to_page_hinted(u64 phys)
{
	const struct range *r = &page_ranges.r[READ_ONCE(page_hint)];

	return likely(phys >= r->start && phys < r->end) ? pfn_to_page(phys >> PAGE_SHIFT) : NULL;
}

/* Returns the page of a physical address, or NULL if it has none. Any context. */
struct page *phys_to_page(u64 phys);

/* Returns the page behind a direct-map address, or NULL. Any context. */
struct page *virt_to_page(const void *virt);

#endif

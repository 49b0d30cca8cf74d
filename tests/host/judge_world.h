/* SPDX-License-Identifier: MIT */
/* What lies at an address that faults, in place of page tables, struct pages and marks. */
#ifndef KEYWARD_TESTS_HOST_JUDGE_WORLD_H
#define KEYWARD_TESTS_HOST_JUDGE_WORLD_H

#define WORLD_ROOT 0x7654321000 /* of the page tables */

#include "kernel/cpu/insn.h"
#define read_cr3() ((u64)WORLD_ROOT | 0x18) /* with flags that do not belong to the address */
#include "mm/page.h"
#include "mm/pgtable.h"
#include "pks/policy/judge.c" /* calls read_cr3() */

#define WORLD_PHYS 0x123456000

enum place {
	IN_DIRECT_MAP, /* RAM, at its direct-map address */
	IN_A_HOLE,     /* a direct-map address that no RAM is at */
	ALIAS,         /* RAM, mapped elsewhere */
	OF_A_DEVICE,   /* mapped, but no RAM: no struct page */
	NOT_PRESENT,
	OF_USER_MODE, /* RAM, with U/S = 1 on every level: PKRU governs it, and no key here does */
	PLACES
};

struct world {
	enum place place;
	u8 page_key, tables_key; /* the key, by struct page and by the page tables */
	u32 marks;               /* of the page, where this run counts them */
	bool devmap;
	u32 key_marks[16]; /* marks of all pages with a key */
};

static struct world world;

/* Two struct pages: the address's, and another one, in the opposite state. */
static struct page world_pages[2];

static inline struct page *world_page(const struct world *w)
{
	(void)w;
	return &world_pages[0];
}

static inline u64 world_address(const struct world *w)
{
	return w->place == IN_DIRECT_MAP  ? DIRECT_BASE + WORLD_PHYS + 0x123
	       : w->place == IN_A_HOLE    ? DIRECT_BASE + 0x123
	       : w->place == NOT_PRESENT  ? 0xffffc00000000123
	       : w->place == OF_USER_MODE ? 0x400123
					  : TEST_BASE + 0x123;
}

/* Whether the address has a supervisor-mode translation, the only one that a key here restricts. */
static inline bool world_translates(const struct world *w)
{
	return w->place == IN_DIRECT_MAP || w->place == ALIAS || w->place == OF_A_DEVICE;
}

static inline void world_set(const struct world *w)
{
	bool in_page = options.marks == PKS_MARKS_PAGE;

	world = *w;
	world_pages[0] = (struct page){ .flags = w->devmap ? PG_DEVMAP : PG_FREE | PG_PGMAP,
					.pkey = w->page_key,
					.marks = in_page ? w->marks : !w->marks };
	world_pages[1] = (struct page){ .flags = w->devmap ? 0 : PG_DEVMAP, .marks = !w->marks };
}

/* The kernel's functions that the judge calls. */
struct page *virt_to_page(const void *virt)
{
	return (u64)virt == DIRECT_BASE + WORLD_PHYS + 0x123 ? &world_pages[0] : NULL;
}

struct page *phys_to_page(u64 phys)
{
	if (world.place == OF_A_DEVICE)
		return NULL;
	return &world_pages[phys >> PAGE_SHIFT != WORLD_PHYS >> PAGE_SHIFT];
}

u64 page_marks_in_hash(const struct page *page)
{
	bool marked = options.marks == PKS_MARKS_HASH ? world.marks : !world.marks;

	return page == &world_pages[0] ? marked : !marked;
}

u32 pks_global_marks(u32 key)
{
	return world.key_marks[key];
}

bool pgtable_walk(u64 root, u64 va, struct pgwalk *walk)
{
	assert_int_equal(root, WORLD_ROOT);
	assert_int_equal(va, world_address(&world));
	memset(walk, 0xa5, sizeof(*walk)); /* not valid, if nothing is present */
	walk->present = world_translates(&world) || world.place == OF_USER_MODE;
	if (!walk->present)
		return false;
	walk->pa = WORLD_PHYS + 0x123;
	walk->key = world.tables_key;
	walk->user = world.place == OF_USER_MODE;
	return true;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Maps that belong to one context, as its rights do (docs/ARCHITECTURE.md, "The way of a kmap"):
 * only the caller gets the rights to a protected page, until it unmaps. Maps nest, are unmapped in
 * the opposite order, survive preemption, and end with their context at the latest. A page without
 * a key costs nothing but the computation of its address.
 */
#ifndef KEYWARD_MM_KMAP_KMAP_LOCAL_H
#define KEYWARD_MM_KMAP_KMAP_LOCAL_H

#include "kernel/cpu/context.h"
#include "kernel/cpu/extable.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/pkrs_bits.h"
#include "mm/page.h"

/*
 * The slow paths of the functions below, for pages that may carry a key. Their return address is
 * the call site that warnings name: callers are built without tail calls (Makefile).
 */
void kmap_local_protected(struct page *page);
void kmap_local_protected_read(struct page *page);
void kunmap_local_protected(const struct page *page);
void kunmap_local_stray(void);

/*
 * Returns the page's address, and grants the running context the rights to read and write it. Warns
 * and grants no more rights if the context has LOCAL_MAPS maps. Any context.
 */
static inline void *kmap_local_page(struct page *page)
{
	void *va = page_to_virt(page);

	if (unlikely(page->pkey)) {
		kmap_local_protected(page);
	}
	return va;
}

/* The same, for reading only. */
static inline void *kmap_local_page_read(struct page *page)
{
	void *va = page_to_virt(page);

	if (unlikely(page->pkey)) {
		kmap_local_protected_read(page);
	}
	return va;
}

/*
 * True if the page has a key or had one, so that a map may have been noted, or if it is not RAM.
 * Reads pkey and had_key at once. Not all frames have a struct page: the fixup of this load says
 * true, so that RAM costs no search for its range. Any context.
 */
static inline bool had_key_or_no_ram(const struct page *page)
{
	asm goto("1: cmpw $0, %0\n\t"
		 "jne %l[yes]\n" EXTABLE("1b", "%l[yes]", "%c1")
		 :
		 : "m"(*(const u16 *)&page->pkey), "i"(EX_KEEP)
		 : "cc"
		 : yes);
	return false;
yes:
	return true;
}

/*
 * Ends the context's last map of the page that `addr` lies in, and puts back the rights that the
 * map found: a pardon inside the map ends with it. Unmapping out of order, or a page this context
 * has not mapped, or an address that is no page's, warns with the call sites; even out of order it
 * closes only what this map or a pardon inside it opened, and no other map's rights. Called by the
 * context that mapped.
 */
static inline void kunmap_local(const void *addr)
{
	struct page *page = pfn_to_page(virt_to_phys(addr) >> PAGE_SHIFT);

	if (unlikely(!is_direct_map((u64)addr))) {
		kunmap_local_stray();
	} else if (unlikely(had_key_or_no_ram(page))) {
		kunmap_local_protected(page);
	}
}

/* The same, with preemption disabled in between. Any context. */
static inline void *kmap_atomic(struct page *page)
{
	preempt_disable();
	return kmap_local_page(page);
}

static inline void kunmap_atomic(const void *addr)
{
	kunmap_local(addr);
	preempt_enable();
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Mappings that belong to one context, as its rights do (docs/ARCHITECTURE.md, "The way of a
 * kmap"): the caller, and nobody else, gets the rights to a protected page until it unmaps. They
 * nest, are unmapped in the opposite order, stay over preemption, and end with their context at
 * the latest. A page without a key costs nothing but its address.
 */
#ifndef KEYWARD_MM_KMAP_KMAP_LOCAL_H
#define KEYWARD_MM_KMAP_KMAP_LOCAL_H

#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/atomic.h"
#include "mm/page.h"

/* What the functions below do about pages that may carry a key. */
void kmap_local_protected(struct page *page, enum pks_access access);
void kunmap_local_protected(const void *addr);

/*
 * Returns the page's address, and grants the running context the rights to read and write it.
 * After LOCAL_MAPS maps of a context no more rights are granted, which is warned about. Any
 * context.
 */
static inline void *kmap_local_page(struct page *page)
{
	void *va = page_to_virt(page);

	if (unlikely(page->pkey)) {
		kmap_local_protected(page, PKS_WRITE);
		barrier(); /* no tail call, so that the call site is this one */
	}
	return va;
}

/* The same for reading alone. */
static inline void *kmap_local_page_read(struct page *page)
{
	void *va = page_to_virt(page);

	if (unlikely(page->pkey)) {
		kmap_local_protected(page, PKS_READ);
		barrier(); /* likewise */
	}
	return va;
}

/*
 * Ends the context's last map of the page with this address, which may be any in the page, and puts
 * back the rights that it found. What is not the last map, or none of this context, is warned about
 * with the call sites; then too only what this map opened is closed, and no other map's rights. The
 * context that has mapped.
 */
static inline void kunmap_local(const void *addr)
{
	u64 va = (u64)addr;

	if (unlikely(!is_direct_map(va) || this_local()->maps ||
		     pfn_to_page((va - DIRECT_BASE) >> PAGE_SHIFT)->pkey)) {
		kunmap_local_protected(addr);
		barrier(); /* likewise */
	}
}

/* The same without being preempted in between. Any context. */
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

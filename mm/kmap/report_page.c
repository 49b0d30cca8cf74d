// SPDX-License-Identifier: MIT
/* The part of a report about memory: how an address translates, and what its page is. */
#include "kernel/console/console.h"
#include "kernel/cpu/upcalls.h"
#include "mm/debug_pagealloc.h"
#include "mm/kmap/memremap.h"
#include "mm/page.h"
#include "mm/pgtable.h"
#include "mm/stack.h"
#include "pks/keys.h"
#include "pks/policy/marks.h"

/* Prints one line per level. */
static void print_walk(const struct pgwalk *walk)
{
	static const char *const names[] = { "", "PTE", "PDE", "PDPTE", "PML4E", "PML5E" };

	for (int level = walk->top; level >= walk->last; level--) {
		pte_t e = walk->entry[level];

		pr("#   %-5s %016lx %s%s%s%s%s\n", names[level], e, e & PTE_P ? "P" : "not present",
		   e & PTE_P ? (e & PTE_W ? " W" : " R") : "", e & PTE_U ? " U" : "",
		   e & PTE_NX ? " XD" : "", level > 1 && e & PTE_PS ? " PS" : "");
	}
}

static void print_owner(const char *what, u32 site, u32 thread)
{
	pr("#   %s by %p"
	   "S",
	   what, (void *)(KERNEL_BASE | site));
	if (thread)
		pr(" in thread %u\n", thread - 1);
	else
		pr(" outside of threads\n");
}

/* With debug_pagealloc=on: who has freed the frame, if it is free, and who had it. */
static void print_history(const struct page *page)
{
	const struct page_history *h = page ? page_history(page) : NULL;

	if (!h)
		return;
	if (h->free_site)
		print_owner("free: freed", h->free_site, h->free_thread);
	if (h->alloc_site)
		print_owner("allocated", h->alloc_site, h->alloc_thread);
}

void report_address(u64 addr)
{
	struct pgwalk walk;
	struct page *page;

	if (stack_guard_hit(addr))
		pr("# %016lx is a stack's guard page\n", addr);
	pr("# walk of %016lx:\n", addr);
	if (!pgtable_walk(pgtable_current(), addr, &walk)) {
		print_walk(&walk);
		print_history(virt_to_page((const void *)addr));
		return;
	}
	print_walk(&walk);
	page = phys_to_page(walk.pa);
	pr("#   physical %016lx, key %u (%s)%s\n", walk.pa, walk.key,
	   pks_key_owner(walk.key) ? pks_key_owner(walk.key) : "nobody",
	   page ? "" : ", no struct page");
	if (!page)
		return;
	if (page_pgmap(page))
		pr("#   page %lu of the device range %s\n", (u64)(page - page_pgmap(page)->first),
		   page_pgmap(page)->owner);
	pr("#   page: %sdirect map's key %u, marks: %u\n",
	   page->flags & PG_DEVMAP ? "device range, " : "", page->pkey, (u32)page_marks(page));
	print_history(page);
	if (page->kmap_thread)
		pr("#   last kmap by %p"
		   "S in thread %u\n",
		   (void *)(KERNEL_BASE | page->kmap_site), page->kmap_thread - 1);
}

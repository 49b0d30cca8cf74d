// SPDX-License-Identifier: MIT
#include "tests/harness/drain.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"

void drain_all(struct drain *drain)
{
	for (u32 order = PAGE_ORDERS; order--;) {
		struct page *page;

		list_init(&drain->blocks[order]);
		drain->count[order] = 0;
		while ((page = page_alloc(order))) {
			list_add(&page->list, &drain->blocks[order]);
			drain->count[order]++;
		}
	}
}

void drain_undo(struct drain *drain)
{
	for (u32 order = 0; order < PAGE_ORDERS; order++) {
		struct list_head *head = &drain->blocks[order];

		while (!list_empty(head)) {
			struct page *page = list_entry(head->next, struct page, list);

			list_del(&page->list);
			page_free(page, order);
		}
	}
}

void drain_but(struct drain *drain, u32 n)
{
	struct page *spare[SPARE_MAX];

	for (u32 i = 0; i < n; i++)
		spare[i] = page_alloc(0);
	drain_all(drain);
	for (u32 i = 0; i < n; i++)
		page_free(spare[i], 0);
}

struct page *drain_but_large(struct drain *drain)
{
	drain_all(drain);
	for (u32 order = 9; order < PAGE_ORDERS; order++) {
		list_for_each(node, &drain->blocks[order])
		{
			struct page *page = list_entry(node, struct page, list);
			struct pgwalk walk;

			pgtable_walk(kernel_root, (u64)page_to_virt(page), &walk);
			if (walk.last == 1)
				continue;
			list_del(node);
			page_free(page, order);
			return page;
		}
	}
	return NULL;
}

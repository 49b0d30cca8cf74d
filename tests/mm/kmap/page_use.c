// SPDX-License-Identifier: MIT
#include "tests/mm/kmap/page_use.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_thread.h"

static void map_local(void *page)
{
	kmap_local_page(page);
}

static void unmap_local(void *page)
{
	kunmap_local(page_to_virt(page));
}

static void map_thread(void *page)
{
	kmap_thread(page);
}

static void unmap_thread(void *page)
{
	kunmap_thread(page);
}

static void map_mark(void *page)
{
	kmap(page);
}

static void unmap_mark(void *page)
{
	kunmap(page);
}

const struct page_use page_uses[PAGE_USES] = {
	[PAGE_USE_LOCAL] = { map_local, unmap_local },
	[PAGE_USE_THREAD] = { map_thread, unmap_thread },
	[PAGE_USE_KMAP] = { map_mark, unmap_mark },
};

// SPDX-License-Identifier: MIT
#include "kernel/trace/trace_ring.h"
#include "kernel/console/console.h"
#include "kernel/lib/string.h"
#include "mm/page.h"
#include "mm/page_alloc.h"

static struct trace_ring *ring_of(u64 length)
{
	u64 size = sizeof(struct trace_ring) + length * sizeof(struct trace_event);
	struct trace_ring *ring;
	struct page *page;
	u32 order = 0;

	while (((u64)PAGE_SIZE << order) < size)
		order++;
	page = page_alloc(order);
	if (!page)
		return NULL;
	ring = page_to_virt(page);
	memset(ring, 0, size);
	ring->length = length;
	ring->events = (struct trace_event *)(ring + 1);
	return ring;
}

struct trace_ring *trace_ring_alloc(void)
{
	struct trace_ring *ring = options.trace ? ring_of(TRACE_EVENTS_LONG) : NULL;

	if (options.trace && !ring)
		pr("# trace: no memory for %d events a CPU; using %d\n", TRACE_EVENTS_LONG,
		   TRACE_EVENTS);
	return ring ? ring : ring_of(TRACE_EVENTS);
}

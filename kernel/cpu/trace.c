// SPDX-License-Identifier: MIT
/* Recording events. kernel/trace/trace_report.c prints them. */
#include "kernel/cpu/trace.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "kernel/lib/atomic.h"

_Static_assert((TRACE_EVENTS & (TRACE_EVENTS - 1)) == 0, "TRACE_EVENTS");
_Static_assert((TRACE_EVENTS_LONG & (TRACE_EVENTS_LONG - 1)) == 0, "TRACE_EVENTS_LONG");

bool trace_on;
static struct trace_ring *rings[CPUS_MAX]; /* each set by its CPU, or before that CPU traces */

struct trace_ring *trace_attach(u32 cpu, struct trace_ring *ring)
{
	return xchg(&rings[cpu], ring);
}

/*
 * One instruction, so that an NMI, which takes numbers too, comes before or after it. No LOCK, as
 * no other CPU writes here.
 */
static u64 take_number(struct trace_ring *ring)
{
	u64 number = 1;

	asm volatile("xaddq %0, %1" : "+r"(number), "+m"(ring->head) : : "memory", "cc");
	return number + 1;
}

/*
 * The stamp is 0 while the rest is written, so that a concurrent reader (a debugger, another CPU,
 * an NMI) can tell. If NMIs in between wrap the ring and reuse the slot, trace_read() knows from
 * the head that the first event is gone.
 */
void trace_record(enum trace_type type, u64 a, u64 b)
{
	u64 flags = irq_save(), number; /* a thread that migrates would write to two rings */
	struct trace_ring *ring = rings[this_cpu()->id];
	struct trace_event *e;

	if (ring) {
		number = take_number(ring);
		e = &ring->events[(number - 1) & (ring->length - 1)];
		smp_store_release(&e->stamp, 0);
		smp_wmb();
		e->tsc = rdtsc();
		e->type = type;
		e->a = a;
		e->b = b;
		smp_store_release(&e->stamp, number);
	}
	irq_restore(flags);
}

u64 trace_count(u32 cpu)
{
	struct trace_ring *ring = rings[cpu];

	return ring ? smp_load_acquire(&ring->head) : 0;
}

u64 trace_length(u32 cpu)
{
	return rings[cpu] ? rings[cpu]->length : 0;
}

bool trace_read(u32 cpu, u64 number, struct trace_event *event)
{
	struct trace_ring *ring = rings[cpu];
	const struct trace_event *e;

	if (!ring || number == 0 || number + ring->length <= smp_load_acquire(&ring->head))
		return false;
	e = &ring->events[(number - 1) & (ring->length - 1)];
	if (smp_load_acquire(&e->stamp) != number)
		return false;
	*event = *e;
	smp_rmb();
	return READ_ONCE(e->stamp) == number;
}

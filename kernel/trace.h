/* SPDX-License-Identifier: MIT */
/*
 * What happened lately: a ring of events for each processor, off unless somebody wants it. Written
 * by its processor alone, in any context, NMI included; read by anybody. The newest events stay;
 * how many were overwritten is known from the numbers of those that are left.
 */
#ifndef KEYWARD_KERNEL_TRACE_H
#define KEYWARD_KERNEL_TRACE_H

#include "kernel/types.h"

#define TRACE_EVENTS 256 /* of one processor; a power of two */

enum trace_type {               /*  a                 b */
		  TRACE_FAULT,  /* address           RIP: a protection-key fault reaches the policy
				 */
		  TRACE_PARDON, /* address           key */
		  TRACE_WARN,   /* address           RIP */
		  TRACE_REFUSE, /* address           key: the policy does not pardon */
		  TRACE_DEATH,  /* RIP               vector: a thread dies */
		  TRACE_MODE,   /* mode before       mode after */
		  TRACE_KMAP,   /* page frame        caller: of a page that carries a key */
		  TRACE_KUNMAP, /* page frame        caller */
		  TRACE_KEY,    /* address           pages << 8 | key: set_memory_pkey() */
		  TRACE_MARK,   /* whatever the writer wants */
		  TRACE_TYPES,
};

struct trace_event {
	u64 stamp; /* the event's number, from 1; 0: being written, or never was */
	u64 tsc, a, b;
	u32 type;
};

struct trace_ring {
	u64 head; /* events so far; only its processor adds */
	struct trace_event events[TRACE_EVENTS];
};

/* Whether events are kept. Thread context writes, any context reads; either value of a race does.
 */
extern bool trace_on;

/*
 * Gives a processor its ring, which must be zeroed; NULL: none, and its events are only counted.
 * The ring before. Boot, or thread context of that processor.
 */
struct trace_ring *trace_attach(u32 cpu, struct trace_ring *ring);

void trace_record(enum trace_type type, u64 a, u64 b);

/* Any context. */
static inline void trace(enum trace_type type, u64 a, u64 b)
{
	if (unlikely(trace_on))
		trace_record(type, a, b);
}

/* How many events the processor has had; 0 without a ring. */
u64 trace_count(u32 cpu);

/*
 * Copies event `number` (from 1) of a processor. False: it has been overwritten, is being written,
 * or never was. Any context.
 */
bool trace_read(u32 cpu, u64 number, struct trace_event *event);

/* Prints the newest events of all processors, at most so many, oldest first. Thread context. */
void trace_report(u32 newest);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What happened lately: a ring of events for each processor, off unless somebody wants it. Written
 * by its processor alone, in any context, NMI included; read by anybody. The newest events stay;
 * how many were overwritten is known from the numbers of those that are left.
 *
 * trace=on makes the rings long and has the sites in assembly call kernel/trace/trace_sites.c:
 * rights written, threads switched, contexts entered and left. Without it these sites are the NOPs
 * of kernel/cpu/patch.h, and plain calls, that stand there anyway; everything else is traced either
 * way.
 */
#ifndef KEYWARD_KERNEL_CPU_TRACE_H
#define KEYWARD_KERNEL_CPU_TRACE_H

#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/options.h"
#include "kernel/lib/types.h"

#define TRACE_EVENTS      256  /* of one processor; a power of two */
#define TRACE_EVENTS_LONG 8192 /* with trace=on; the same */

/* What is entered and left that is no vector, nor VECTOR_SYSCALL; in TRACE_ENTER and TRACE_LEAVE */
#define TRACE_SOFTIRQ 0x200 /* + enum softirq */
#define TRACE_WORK    0x300

#define TRACE_SCENARIOS 64

/*
 * The types, with what stands in a and b.
 *
 *   FAULT, WARN           address, RIP; a protection-key fault reaches the policy
 *   PARDON, REFUSE        address, key
 *   DEATH                 RIP, vector; a thread dies
 *   MODE                  mode before, mode after
 *   KMAP, KUNMAP, _LOCAL, _THREAD   page frame, caller; of a page that carries a key
 *   KEY                   address, pages << 8 | key; set_memory_pkey()
 *   MARK                  whatever the writer wants
 *   STEP_END              RIP, bits of IA32_PKRS that are set again
 *   GLOBAL_OPEN, _CLOSE   key, count
 *   RIGHTS                new rights of the running context, RIP
 *   SWITCH                thread that comes | thread that goes << 32,
 *                         rights of the first | enum thread_state of the second << 32
 *   ENTER                 vector or TRACE_SOFTIRQ, TRACE_WORK,
 *                         rights interrupted | rights that it begins with << 32
 *   LEAVE                 the same, rights that come back
 *   THREAD                id, first 8 bytes of the name; it is made
 *   USE_BEGIN, USE_END    page frame, key << 8 | write; see trace_use_begin()
 *   SCENARIO_BEGIN, _END  id | key << 32 | pages << 40, mode << 16 | gate << 8 | scope
 */
enum trace_type {
	TRACE_FAULT,
	TRACE_PARDON,
	TRACE_WARN,
	TRACE_REFUSE,
	TRACE_DEATH,
	TRACE_MODE,
	TRACE_KMAP,
	TRACE_KUNMAP,
	TRACE_KEY,
	TRACE_MARK,
	TRACE_KMAP_LOCAL,
	TRACE_KUNMAP_LOCAL,
	TRACE_KMAP_THREAD,
	TRACE_KUNMAP_THREAD,
	TRACE_STEP_END,
	TRACE_GLOBAL_OPEN,
	TRACE_GLOBAL_CLOSE,
	TRACE_RIGHTS,
	TRACE_SWITCH,
	TRACE_ENTER,
	TRACE_LEAVE,
	TRACE_THREAD,
	TRACE_USE_BEGIN,
	TRACE_USE_END,
	TRACE_SCENARIO_BEGIN,
	TRACE_SCENARIO_END,
	TRACE_TYPES,
};

struct trace_event {
	u64 stamp; /* the event's number, from 1; 0: being written, or never was */
	u64 tsc, a, b;
	u32 type;
};

struct trace_ring {
	u64 head;   /* events so far; only its processor adds */
	u64 length; /* a power of two */
	struct trace_event *events;
};

/* Whether events are kept. Thread context writes, any context reads; either value of a race does.
 */
extern bool trace_on;

/*
 * Gives a processor its ring, whose events must be zeroed; NULL: none, and nothing is kept or
 * counted. The ring before. Boot, or thread context of that processor.
 */
struct trace_ring *trace_attach(u32 cpu, struct trace_ring *ring);

void trace_record(enum trace_type type, u64 a, u64 b);

/* Any context. */
static inline void trace(enum trace_type type, u64 a, u64 b)
{
	if (unlikely(trace_on))
		trace_record(type, a, b);
}

/* An event that by itself says nothing: kept only with trace=on. Any context. */
static inline void trace_armed(enum trace_type type, u64 a, u64 b)
{
	if (unlikely(trace_on && options.trace))
		trace_record(type, a, b);
}

/*
 * A context inside of a running one, which is entered without a trap: before its initial rights are
 * set, and before the outer ones come back, so that no change of rights is counted for the wrong
 * one.
 */
static inline void trace_inner(enum trace_type type, u64 what, u32 outer)
{
	trace_armed(type, what, type == TRACE_ENTER ? (u64)PKRS_INIT << 32 | outer : outer);
}

/* How many events the processor has had, and how many it keeps; 0 without a ring. */
u64 trace_count(u32 cpu);
u64 trace_length(u32 cpu);

/*
 * Copies event `number` (from 1) of a processor. False: it has been overwritten, is being written,
 * or never was. Any context.
 */
bool trace_read(u32 cpu, u64 number, struct trace_event *event);

/* Prints the newest events of all processors, at most so many, oldest first. Thread context. */
void trace_report(u32 newest);

/* What was recorded so far is left out of the dumps to come. trace_dump() does the same. Thread
 * context. */
void trace_clear(void);

/* The name of a type, for dumps; NULL: there is no such type. */
const char *trace_type_name(u32 type);

/*
 * Prints all events since trace_clear() or the last dump that are still there for tools/trace, and
 * what is needed to understand them: docs/DEBUGGING.md has the form. Nothing is recorded meanwhile.
 * Thread context, interrupts on where there are other processors; one caller at a time.
 */
void trace_dump(void);

/*
 * The running context means to write, or only to read, a page from here on: what its rights allow
 * beyond that is exposure. Begin and end in one context, the same page once at a time. Any context.
 */
static inline void trace_use_begin(u64 pfn, u32 key, bool write)
{
	trace(TRACE_USE_BEGIN, pfn, (u64)key << 8 | write);
}

static inline void trace_use_end(u64 pfn, u32 key, bool write)
{
	trace(TRACE_USE_END, pfn, (u64)key << 8 | write);
}

/* A part of the trace that is judged by itself. */
struct trace_scenario {
	u32 id;           /* below TRACE_SCENARIOS */
	const char *name; /* static text */
	struct pks_policy policy;
	u8 key;    /* of the pages whose exposure is wanted */
	u32 pages; /* how many carry it; less than 2^24 */
};

/* Thread context; one scenario at a time. */
void trace_scenario_begin(const struct trace_scenario *scenario);
void trace_scenario_end(const struct trace_scenario *scenario);

/* The name that the id was last begun with; NULL: none. */
const char *trace_scenario_name(u32 id);

#endif

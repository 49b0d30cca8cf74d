/* SPDX-License-Identifier: MIT */
/*
 * The trace: a ring of recent events per CPU, off by default. Only its CPU writes a ring, in any
 * context including NMI; anyone reads it. The newest events stay, and their numbers show how many
 * were overwritten.
 *
 * trace=on makes the rings long and patches sites in assembly to call kernel/trace/trace_sites.c
 * when rights are written, threads switched, and traps entered and left. Otherwise these sites are
 * the NOPs of kernel/cpu/patch.h and the plain call of trap_dispatch(). Everything else but
 * trace_armed() is recorded either way.
 */
#ifndef KEYWARD_KERNEL_CPU_TRACE_H
#define KEYWARD_KERNEL_CPU_TRACE_H

#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/options.h"
#include "kernel/lib/types.h"

#define TRACE_EVENTS      256  /* per CPU; a power of two */
#define TRACE_EVENTS_LONG 8192 /* the same with trace=on */

/* Contexts in TRACE_ENTER and TRACE_LEAVE besides vectors and VECTOR_SYSCALL. */
#define TRACE_SOFTIRQ 0x200 /* + enum softirq */
#define TRACE_WORK    0x300

#define TRACE_SCENARIOS 64

/*
 * The types, with the meaning of a and b.
 *
 *   FAULT, WARN           address, RIP; a protection-key fault reaches the policy
 *   PARDON, REFUSE        address, key
 *   DEATH                 RIP, vector; a thread dies
 *   MODE                  mode before, mode after
 *   KMAP, KUNMAP, _LOCAL, _THREAD   page frame, caller; of a page that carries a key
 *   KEY                   address, pages << 8 | key; set_memory_pkey()
 *   MARK                  free for the writer
 *   STEP_END              RIP, bits of IA32_PKRS that are set again
 *   GLOBAL_OPEN, _CLOSE   key, count
 *   RIGHTS                new rights of the running context, RIP
 *   SWITCH                next thread | previous thread << 32,
 *                         rights of the next | enum thread_state of the previous << 32
 *   ENTER                 vector or TRACE_SOFTIRQ, TRACE_WORK,
 *                         interrupted rights | initial rights << 32
 *   LEAVE                 the same, restored rights
 *   THREAD                id, first 8 bytes of the name; a thread is created
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
	u64 stamp; /* the event's number, from 1; 0: being written, or never written */
	u64 tsc, a, b;
	u32 type;
};

struct trace_ring {
	u64 head;   /* events so far; only its CPU adds */
	u64 length; /* a power of two */
	struct trace_event *events;
};

/* True: record events. Written in thread context, read in any; races are harmless. */
extern bool trace_on;

/*
 * Sets `cpu`'s ring (events zeroed) and returns the old one. NULL disables tracing on that CPU.
 * Boot, or thread context on that CPU.
 */
struct trace_ring *trace_attach(u32 cpu, struct trace_ring *ring);

void trace_record(enum trace_type type, u64 a, u64 b);

/* Any context. */
static inline void trace(enum trace_type type, u64 a, u64 b)
{
	if (unlikely(trace_on))
		trace_record(type, a, b);
}

/* Records an event that means little by itself: only with trace=on. Any context. */
static inline void trace_armed(enum trace_type type, u64 a, u64 b)
{
	if (unlikely(trace_on && options.trace))
		trace_record(type, a, b);
}

/*
 * Begins or ends a context nested in the running one without a trap. Call it before the initial
 * rights are set and before the outer ones are restored, so that no change of rights counts for the
 * wrong context.
 */
static inline void trace_inner(enum trace_type type, u64 what, u32 outer)
{
	trace_armed(type, what, type == TRACE_ENTER ? (u64)PKRS_INIT << 32 | outer : outer);
}

/* Return how many events the CPU has recorded, and how many it keeps; 0 without a ring. */
u64 trace_count(u32 cpu);
u64 trace_length(u32 cpu);

/*
 * Copies event `number` (from 1) of a CPU. False: overwritten, being written, or never written. Any
 * context.
 */
bool trace_read(u32 cpu, u64 number, struct trace_event *event);

/*
 * Declares that the running context will write, or only read, a page: what its rights allow beyond
 * that is exposure. Begin and end in one context, a page only once at a time. Any context.
 */
static inline void trace_use_begin(u64 pfn, u32 key, bool write)
{
	trace(TRACE_USE_BEGIN, pfn, (u64)key << 8 | write);
}

static inline void trace_use_end(u64 pfn, u32 key, bool write)
{
	trace(TRACE_USE_END, pfn, (u64)key << 8 | write);
}

#endif

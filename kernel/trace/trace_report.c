// SPDX-License-Identifier: MIT
/*
 * Prints the rings of all CPUs as one list, ordered by TSC. The order of events on two CPUs means
 * nothing if their TSCs differ.
 */
#include "kernel/trace/trace_report.h"
#include "kernel/console/console.h"
#include "kernel/cpu/percpu.h"
#include "kernel/cpu/trace.h"
#include "kernel/exception.h"
#include "kernel/lib/option_words.h"
#include "kernel/lib/printf.h"
#include "kernel/trace/trace_dump.h"

/* The number of each CPU's next event. Only the one thread that reports uses it. */
static u64 cursor[CPUS_MAX];

/* Events with a page frame and the address of their caller; NULL for other types. */
static const char *const done_to_frame[TRACE_TYPES] = {
	[TRACE_KMAP] = "kmap",
	[TRACE_KUNMAP] = "kunmap",
	[TRACE_KMAP_LOCAL] = "kmap_local",
	[TRACE_KUNMAP_LOCAL] = "kunmap_local",
	[TRACE_KMAP_THREAD] = "kmap_thread",
	[TRACE_KUNMAP_THREAD] = "kunmap_thread",
};

/* Events with an address, or rights, and the code that caused them. */
static const char *const to_text[TRACE_TYPES] = {
	[TRACE_FAULT] = "fault at",
	[TRACE_WARN] = "warning at",
	[TRACE_RIGHTS] = "rights",
};

/* Describes an event about keys; false if it is another. */
static bool describe_key(const struct trace_event *e, char *text, size_t size)
{
	switch (e->type) {
	case TRACE_KEY:
		ksnprintf(text, size, "key %lu to %lu pages from %016lx", e->b & 0xff, e->b >> 8,
			  e->a);
		return true;
	case TRACE_STEP_END:
		ksnprintf(text, size,
			  "step over %p"
			  "S takes back %08lx",
			  (void *)e->a, e->b);
		return true;
	case TRACE_GLOBAL_OPEN:
	case TRACE_GLOBAL_CLOSE:
		ksnprintf(text, size, "%s of key %lu to all, %lu marks",
			  e->type == TRACE_GLOBAL_OPEN ? "opening" : "closing", e->a, e->b);
		return true;
	default:
		return false;
	}
}

static void describe(const struct trace_event *e, char *text, size_t size)
{
	const char *name = trace_type_name(e->type);

	switch (e->type) {
	case TRACE_FAULT:
	case TRACE_WARN:
	case TRACE_RIGHTS:
		ksnprintf(text, size,
			  "%s %016lx by %p"
			  "S",
			  to_text[e->type], e->a, (void *)e->b);
		return;
	case TRACE_PARDON:
	case TRACE_REFUSE:
		ksnprintf(text, size, "%s at %016lx key %lu",
			  e->type == TRACE_PARDON ? "pardon" : "no pardon", e->a, e->b);
		return;
	case TRACE_DEATH:
		ksnprintf(text, size,
			  "a thread dies at %p"
			  "S of %s",
			  (void *)e->a, exception_name(e->b));
		return;
	case TRACE_MODE:
		ksnprintf(text, size, "mode %s, was %s", pks_mode_name((enum pks_mode)e->b),
			  pks_mode_name((enum pks_mode)e->a));
		return;
	default:
		if (describe_key(e, text, size))
			return;
		break;
	}
	if (e->type < TRACE_TYPES && done_to_frame[e->type])
		ksnprintf(text, size,
			  "%s of frame %lu by %p"
			  "S",
			  done_to_frame[e->type], e->a, (void *)e->b);
	else
		ksnprintf(text, size, "%s %lx %lx", name ? name : "?", e->a, e->b);
}

/* Finds the newest readable event before the cursors. Returns its CPU, or -1. */
static int newest_before(struct trace_event *found)
{
	int of = -1;

	for (u32 cpu = 0; cpu < cpu_count; cpu++) {
		struct trace_event e;

		if (cursor[cpu] > 1 && trace_read(cpu, cursor[cpu] - 1, &e) &&
		    (of < 0 || e.tsc >= found->tsc)) {
			*found = e;
			of = (int)cpu;
		}
	}
	return of;
}

/* Finds the oldest readable event from the cursors on, before `end`. Returns its CPU, or -1. */
static int oldest_after(struct trace_event *found, const u64 *end)
{
	int of = -1;

	for (u32 cpu = 0; cpu < cpu_count; cpu++) {
		struct trace_event e;

		while (cursor[cpu] < end[cpu] && !trace_read(cpu, cursor[cpu], &e))
			cursor[cpu]++;
		if (cursor[cpu] < end[cpu] && (of < 0 || e.tsc < found->tsc)) {
			*found = e;
			of = (int)cpu;
		}
	}
	return of;
}

void trace_report(u32 newest)
{
	static u64 end[CPUS_MAX]; /* as cursor */
	struct trace_event e = { 0 };
	char text[256];
	u64 before = 0, all = 0, shown = 0;
	int cpu;

	for (u32 i = 0; i < cpu_count; i++) {
		end[i] = cursor[i] = trace_count(i) + 1;
		all += trace_count(i);
	}
	for (u32 n = 0; n < newest && (cpu = newest_before(&e)) >= 0; n++)
		cursor[cpu]--;
	while ((cpu = oldest_after(&e, end)) >= 0) {
		describe(&e, text, sizeof(text));
		pr("# trace: cpu %d #%lu tsc %lu +%lu %s\n", cpu, cursor[cpu], e.tsc,
		   before ? e.tsc - before : 0, text);
		before = e.tsc;
		cursor[cpu]++;
		shown++;
	}
	pr("# trace: %lu of %lu events shown; each CPU keeps its newest %lu%s\n", shown, all,
	   trace_length(0), trace_on ? "" : "; tracing is off");
}

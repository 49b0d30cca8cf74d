// SPDX-License-Identifier: MIT
/*
 * Prints all rings as text for tools/trace. Every line begins with "#T ", and the last one has the
 * number of lines and a checksum, so that tools/trace notices what a console has lost, cut or
 * damaged. docs/DEBUGGING.md describes the format.
 */
#include "kernel/trace/trace_dump.h"
#include "kernel/console/console.h"
#include "kernel/cpu/trace.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/printf.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "kernel/trace/trace_scenario.h"
#include "pks/keys.h"

#define TRACE_VERSION 1

static const char *const type_names[TRACE_TYPES] = {
	[TRACE_FAULT] = "FAULT",
	[TRACE_PARDON] = "PARDON",
	[TRACE_WARN] = "WARN",
	[TRACE_REFUSE] = "REFUSE",
	[TRACE_DEATH] = "DEATH",
	[TRACE_MODE] = "MODE",
	[TRACE_KMAP] = "KMAP",
	[TRACE_KUNMAP] = "KUNMAP",
	[TRACE_KEY] = "KEY",
	[TRACE_MARK] = "MARK",
	[TRACE_KMAP_LOCAL] = "KMAP_LOCAL",
	[TRACE_KUNMAP_LOCAL] = "KUNMAP_LOCAL",
	[TRACE_KMAP_THREAD] = "KMAP_THREAD",
	[TRACE_KUNMAP_THREAD] = "KUNMAP_THREAD",
	[TRACE_STEP_END] = "STEP_END",
	[TRACE_GLOBAL_OPEN] = "GLOBAL_OPEN",
	[TRACE_GLOBAL_CLOSE] = "GLOBAL_CLOSE",
	[TRACE_RIGHTS] = "RIGHTS",
	[TRACE_SWITCH] = "SWITCH",
	[TRACE_ENTER] = "ENTER",
	[TRACE_LEAVE] = "LEAVE",
	[TRACE_THREAD] = "THREAD",
	[TRACE_USE_BEGIN] = "USE_BEGIN",
	[TRACE_USE_END] = "USE_END",
	[TRACE_SCENARIO_BEGIN] = "SCENARIO_BEGIN",
	[TRACE_SCENARIO_END] = "SCENARIO_END",
};

/* Events of each CPU that were dumped or cleared. One thread dumps or clears at a time. */
static u64 cleared[CPUS_MAX];
static u32 lines, sum; /* of the dump so far; the sum is FNV-1a over the lines without "#T " */

const char *trace_type_name(u32 type)
{
	return type < TRACE_TYPES ? type_names[type] : NULL;
}

void trace_clear(void)
{
	for (u32 cpu = 0; cpu < cpu_count; cpu++)
		cleared[cpu] = trace_count(cpu);
}

static void line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void line(const char *fmt, ...)
{
	char text[160];
	va_list args;

	va_start(args, fmt);
	kvsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	lines++;
	for (const char *p = text; *p; p++)
		sum = (sum ^ (u8)*p) * 16777619;
	pr("#T %s\n", text);
}

static void dump_names(void)
{
	char name[THREAD_NAME_MAX];

	for (u32 type = 0; type < TRACE_TYPES; type++)
		line("type %02x %s", type, type_names[type]);
	for (u32 key = 0; key < PKS_KEYS; key++)
		if (pks_key_owner(key))
			line("key %x pages %lx %s", key, (u64)pks_key_pages(key),
			     pks_key_owner(key));
	for (u32 id = 0; thread_name_from(&id, name); id++)
		line("thread %x %s", id, name);
	for (u32 id = 0; id < TRACE_SCENARIOS; id++)
		if (trace_scenario_name(id))
			line("scenario %x %s", id, trace_scenario_name(id));
}

/* Numbers of a CPU's events: [wanted, end) not dumped yet, [first, end) not overwritten yet. */
struct span {
	u64 wanted, first, end;
};

static struct span span_of(u32 cpu)
{
	u64 end = trace_count(cpu) + 1, wanted = cleared[cpu] + 1, first = wanted;
	struct trace_event e;

	if (end > trace_length(cpu))
		first = MAX(first, end - trace_length(cpu));
	while (first < end && !trace_read(cpu, first, &e))
		first++;
	return (struct span){ wanted, first, end };
}

static void dump_cpu(u32 cpu)
{
	const struct thread *t = smp_load_acquire(&cpus[cpu]->current);
	struct span s = span_of(cpu);
	struct trace_event e;
	u64 before = 0, kept = 0;

	for (u64 i = s.first; i < s.end; i++)
		kept += trace_read(cpu, i, &e);
	line("cpu %x recorded %lx kept %lx overwritten %lx thread %x", cpu, s.end - s.wanted, kept,
	     s.end - s.wanted - kept, t ? t->id : 0);
	for (u64 i = s.first; i < s.end; i++) {
		if (trace_read(cpu, i, &e))
			line("%02x %lx %lx %lx", e.type, e.tsc - before, e.a, e.b);
		else
			line("lost");
		before = e.tsc;
	}
}

static void nothing(void *arg)
{
	(void)arg;
}

void trace_dump(void)
{
	bool on = trace_on;

	trace_on = false;
	ipi_run_on_all(nothing, NULL); /* every CPU has finished its current event */
	lines = 0;
	sum = 2166136261;
	line("begin %x cpus %x khz %lx types %x init %x%s", TRACE_VERSION, cpu_count,
	     time_tsc_khz(), TRACE_TYPES, PKRS_INIT, options.trace ? " armed" : "");
	dump_names();
	for (u32 cpu = 0; cpu < cpu_count; cpu++)
		dump_cpu(cpu);
	pr("#T end %x %08x\n", lines, sum);
	trace_clear();
	trace_on = on;
}

// SPDX-License-Identifier: MIT
/* The commands about the kernel's state: keys, cpus, threads, stats, trace, grant, revoke. */
#include "kernel/console/console.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/trace.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "kernel/trace/trace_dump.h"
#include "kernel/trace/trace_report.h"
#include "monitor/commands.h"
#include "monitor/names.h"
#include "monitor/words.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"

#define TRACE_SHOWN 32

static void print_key(u32 key)
{
	u32 own = pks_on() ? (u32)this_cpu()->pkrs : PKRS_INIT;

	pr("%3u  %-16s %-13s %-13s ", key, pks_key_owner(key), rights_name(PKRS_INIT, key),
	   rights_name(own, key));
	if (key == PKS_KEY_DEFAULT)
		pr("all others\n");
	else
		pr("%ld\n", pks_key_pages(key));
}

void command_keys(int n, char **words)
{
	u32 free = 0;

	(void)n;
	(void)words;
	if (!pks_on())
		pr("this CPU has no PKS, or it is compiled out: keys deny nothing\n");
	pr("key  owner            initial       monitor's     pages\n");
	for (u32 key = 0; key < PKS_KEYS; key++) {
		if (pks_key_owner(key))
			print_key(key);
		else
			free++;
	}
	pr("%u keys have no owner: no access\n", free);
}

static const char *context_of(u32 count)
{
	bool off = count && count < CONTEXT_SOFTIRQ;

	return off ? "thread, preemption off" : context_name_of(count);
}

/* Takes no lock, as the CPU writes these without one: each was true at some moment. */
static void print_cpu(const struct cpu *cpu)
{
	const struct thread *t = smp_load_acquire(&cpu->current);
	u32 pkrs = (u32)READ_ONCE(cpu->pkrs);

	pr("cpu %u (APIC ID %u%s): %s, thread %u (%s), ticks %lu, NMIs %lu\n", cpu->id,
	   cpu->apic_id, cpu == this_cpu() ? ", this one" : "", context_of(cpu->context_count),
	   t ? t->id : 0, t ? t->name : "none", cpu->ticks, cpu->nmis);
	if (pks_on())
		pr("  rights %p"
		   "K\n",
		   &pkrs);
}

void command_cpus(int n, char **words)
{
	(void)n;
	(void)words;
	for (u32 i = 0; i < cpu_count; i++)
		print_cpu(cpus[i]);
}

void command_threads(int n, char **words)
{
	(void)n;
	(void)words;
	threads_report();
}

void command_stats(int n, char **words)
{
	(void)n;
	(void)words;
	pr("protection-key faults %lu, of them pardoned %lu, refused %lu; warnings %lu\n",
	   pks_stats.faults, pks_stats.pardons, pks_stats.deaths, pks_stats.warnings);
	pr("pardons for one instruction %lu, taken back %lu times; for the rest of the context "
	   "instead %lu; by a key open to all %lu\n",
	   pks_stats.steps, pks_stats.step_ends, pks_stats.steps_wide, pks_stats.global_lent);
}

void command_trace(int n, char **words)
{
	u64 newest = TRACE_SHOWN;

	if (n == 2 && (!strcmp(words[1], "on") || !strcmp(words[1], "off"))) {
		trace_on = words[1][1] == 'n';
		return;
	}
	if (n == 2 && !strcmp(words[1], "dump")) {
		trace_dump();
		return;
	}
	if (n == 2 && (number_read(words[1], NULL, &newest) || newest == 0)) {
		pr("%s: not on, off, dump or the number of events to show\n", words[1]);
		return;
	}
	trace_report((u32)MIN(newest, 0xffffffff));
}

static void print_rights(u32 key)
{
	u32 pkrs = (u32)this_cpu()->pkrs;

	if (pks_on())
		pr("the monitor's rights to key %u: %s; all: %p"
		   "K\n",
		   key, rights_name(pkrs, key), &pkrs);
	else
		pr("there is no IA32_PKRS here: nothing to grant or revoke\n");
}

void command_grant(int n, char **words)
{
	bool write = !strcmp(words[2], "rw");
	u32 key;

	(void)n;
	if (!word_key(words[1], &key))
		return;
	if (!write && strcmp(words[2], "r")) {
		pr("%s: not r or rw\n", words[2]);
		return;
	}
	pks_grant(key, write ? PKS_WRITE : PKS_READ);
	print_rights(key);
}

void command_revoke(int n, char **words)
{
	u32 key;

	(void)n;
	if (!word_key(words[1], &key))
		return;
	pks_set(key, pkrs_rights(PKRS_INIT, key));
	print_rights(key);
}

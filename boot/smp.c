// SPDX-License-Identifier: MIT
/*
 * Starts the other CPUs, one after the other (SDM Vol. 3A, "MP Initialization Protocol Algorithm").
 * Each gets its struct cpu, stacks and idle thread before it runs, and loads its rights register
 * before it sets CR4.PKS, so that no protected page is ever open to it.
 */
#include "boot/smp.h"
#include "boot/acpi/acpi_registers.h"
#include "boot/paging.h"
#include "kernel/apic.h"
#include "kernel/console/console.h"
#include "kernel/console/results.h"
#include "kernel/cpu/cpu_type.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/pat.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/options.h"
#include "kernel/lib/string.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "kernel/trace/trace_ring.h"
#include "mm/init.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/stack.h"
#include "pks/pkrs.h"

#define PKRS_BEFORE_INIT 0x55555554
#define LOW_FIRST        0x8000
#define LOW_END          0x90000
#define INIT_WAIT_NS     10000000   /* from INIT to the first SIPI, as in the SDM */
#define STARTUP_WAIT_NS  200000     /* from one SIPI to the next */
#define START_WAIT_NS    1000000000 /* after that a CPU is left out */

/* What the next CPU starts with; boot/trampoline.S reads it. */
struct ap_start {
	u64 stack; /* 0: taken */
	struct cpu *cpu;
	void (*main)(struct cpu *cpu);
};
_Static_assert(offsetof(struct ap_start, stack) == AP_START_STACK, "smp.h");
_Static_assert(offsetof(struct ap_start, cpu) == AP_START_CPU, "smp.h");
_Static_assert(offsetof(struct ap_start, main) == AP_START_MAIN, "smp.h");
_Static_assert(offsetof(struct paging_boot, cr3) == PAGING_BOOT_CR3, "smp.h");
_Static_assert(offsetof(struct paging_boot, cr4) == PAGING_BOOT_CR4, "smp.h");
_Static_assert(sizeof(struct paging_boot) == PAGING_BOOT_SIZE, "smp.h");

/* Written while no CPU starts; the one that starts takes the stack, by XCHG. */
struct ap_start ap_start;

extern const char trampoline_start[], trampoline_end[], trampoline_paging[];
static u64 trampoline; /* physical, below 1 MiB; 0: not copied yet */
static u64 boot_cr4;

/*
 * The outcome of one start. The CPU that starts and the CPU that waits for it both may end
 * STARTING, by compare-exchange: the first of them decides. No interrupt or NMI handler looks at
 * it.
 */
enum { STARTING, REFUSED, RUNNING, GIVEN_UP };
static u32 outcome;
static const char *refusal; /* written before REFUSED */
static u64 tsc_seen;

/*
 * Returns a frame of RAM that real mode can address, or 0. Avoids the lowest memory, which holds
 * BIOS data, and the last part below 640 KiB, where some BIOSes have more data than they report.
 */
static u64 find_low_frame(void)
{
	for (u32 i = 0; i < ram.count; i++) {
		u64 start = MAX(ram.r[i].start, LOW_FIRST);

		if (start + PAGE_SIZE <= MIN(ram.r[i].end, LOW_END))
			return start;
	}
	return 0;
}

/* Copies the first instructions to where a CPU can start. They stay: one may start late. */
static bool lay_out(void)
{
	char *to;

	trampoline = find_low_frame();
	if (!trampoline) {
		pr("# CPUs: no memory below 640 KiB to start other CPUs from\n");
		return false;
	}
	to = phys_to_virt(trampoline);
	memcpy(to, trampoline_start, (u64)(trampoline_end - trampoline_start));
	memcpy(to + (trampoline_paging - trampoline_start), &paging_boot, sizeof(paging_boot));
	boot_cr4 = read_cr4();
	return true;
}

/* Ends the start with this outcome. False: the other CPU has ended it. */
static bool end_start(u32 with)
{
	u32 starting = STARTING;

	return try_cmpxchg(&outcome, &starting, with);
}

static _Noreturn void stop(void)
{
	for (;;)
		asm volatile("cli; hlt");
}

static _Noreturn void refuse(const char *why)
{
	refusal = why;
	end_start(REFUSED);
	stop();
}

/* Reports that this CPU runs. If the other CPU has given up, stops: an INIT is on its way. */
static void say_it_runs(void)
{
	if (!end_start(RUNNING))
		stop();
}

/* The first C code of an application processor, on its idle thread's stack. */
static void ap_main(struct cpu *cpu)
{
	percpu_load(cpu);
	cpu->type = cpu_type_read();
	apic_init_cpu();
	if (apic_id() != cpu->apic_id)
		refuse("another CPU came in its place");
	if (CONFIG_PKS && cpu_has(FEATURE_PKS) != pks_on())
		refuse("it differs from the boot CPU in PKS");
	cpu->pkrs_found = pkrs_register();
	pat_init_cpu(); /* before CR4.PGE, whose change flushes the TLB */
	write_cr4(boot_cr4 & ~(u64)CR4_PKS);
	pkrs_init_cpu();
	pkrs_enforce(options.policy.mode != PKS_MODE_OFF);
	syscall_init_cpu();
	thread_adopt(cpu, cpu->idle);
	cpu->idle->on_cpu = true;
	tsc_seen = rdtsc();
	say_it_runs();
	while (smp_load_acquire(&cpu_count) <= cpu->id)
		cpu_relax();
	tick_start();
	sched_idle();
}

/* Returns a struct cpu with its stacks, or NULL: out of memory. Nothing is ever freed. */
static struct cpu *prepare(u32 id, u32 apic_id)
{
	struct page *page = page_alloc(0);
	struct trace_ring *ring = trace_ring_alloc();
	struct cpu *cpu = page ? page_address(page) : NULL;
	u64 ist = stack_alloc_slots(IST_STACKS);

	_Static_assert(sizeof(struct cpu) <= PAGE_SIZE, "one frame");
	if (!cpu || !ist || !ring)
		return NULL;
	trace_attach(id, ring);
	percpu_init(cpu, id);
	percpu_set_ist(cpu, ist);
	cpu->apic_id = apic_id;
	return sched_add_cpu(cpu) ? cpu : NULL;
}

/* Waits for the outcome; false if it does not come in time. */
static bool answered_within(u64 ns)
{
	for (u64 until = now_ns() + ns; now_ns() < until; cpu_relax())
		if (smp_load_acquire(&outcome) != STARTING)
			return true;
	return false;
}

static void wait_ns(u64 ns)
{
	for (u64 until = now_ns() + ns; now_ns() < until;)
		cpu_relax();
}

/* Starts the CPU in main(cpu) on the stack below `stack`. Returns why it does not run, or NULL. */
static const char *start(struct cpu *cpu, u64 stack, void (*main)(struct cpu *cpu))
{
	outcome = STARTING;
	ap_start.cpu = cpu;
	ap_start.main = main;
	smp_store_release(&ap_start.stack, stack);
	apic_send_init(cpu->apic_id);
	wait_ns(INIT_WAIT_NS);
	apic_send_startup(cpu->apic_id, (u32)(trampoline >> PAGE_SHIFT));
	if (!answered_within(STARTUP_WAIT_NS))
		apic_send_startup(cpu->apic_id, (u32)(trampoline >> PAGE_SHIFT));
	if (!answered_within(START_WAIT_NS) && end_start(GIVEN_UP)) {
		/* It finds no stack from now on; INIT stops it if it has taken one. */
		smp_store_release(&ap_start.stack, 0);
		apic_send_init(cpu->apic_id);
		return "it does not answer";
	}
	return outcome == REFUSED ? refusal : NULL;
}

/*
 * Sets IA32_PKRS before the real start, which then shows whether INIT clears it: the SDM does not
 * say. The result is only printed.
 */
static void rehearse(struct cpu *cpu)
{
	percpu_load(cpu);
	cpu->type = cpu_type_read();
	if (!cpu_has(FEATURE_PKS))
		refuse("it differs from the boot CPU in PKS");
	wrmsr(MSR_IA32_PKRS, PKRS_BEFORE_INIT);
	say_it_runs();
	stop();
}

const char *smp_restart(struct cpu *cpu, u64 stack, void (*main)(struct cpu *cpu))
{
	return start(cpu, stack, main);
}

void smp_restarted(void)
{
	say_it_runs();
}

static const char *start_for_good(struct cpu *cpu)
{
	bool first = cpu_count == 1 && pks_on();
	u64 stack = (u64)cpu->idle, before;
	const char *why = first ? start(cpu, stack, rehearse) : NULL;

	before = rdtsc();
	if (why || (why = start(cpu, stack, ap_main)))
		return why;
	if (first)
		pr("# CPUs: INIT left %08x in IA32_PKRS, which was %08x\n", cpu->pkrs_found,
		   PKRS_BEFORE_INIT);
	if (tsc_seen >= before && tsc_seen <= rdtsc())
		return NULL;
	apic_send_init(cpu->apic_id); /* it still waits for cpu_count */
	return "its TSC is not in step with the boot CPU's";
}

static void start_or_leave_out(u32 apic_id)
{
	struct cpu *cpu = prepare(cpu_count, apic_id);
	const char *why = cpu ? start_for_good(cpu) : "out of memory";
	char type[CPU_TYPE_TEXT];

	if (why) {
		results_pr("# CPUs: left out the CPU with APIC ID %u: %s\n", apic_id, why);
		if (cpu && cpu->type.signature) { /* it has come as far as to say */
			cpu_type_print(&cpu->type, type);
			results_pr("# CPU type: %s: left out\n", type);
		}
		return;
	}
	cpus[cpu->id] = cpu;
	smp_store_release(&cpu_count, cpu->id + 1);
}

static bool startable(const struct acpi_cpu *found)
{
	if (!found->enabled || found->apic_id == boot_cpu.apic_id)
		return false;
	if (apic_reaches(found->apic_id))
		return true;
	pr("# CPUs: left out the CPU with APIC ID %u: xAPIC mode cannot address it\n",
	   found->apic_id);
	return false;
}

bool smp_wants_x2apic(void)
{
	for (u32 i = 0; i < acpi.madt.cpu_count; i++)
		if (acpi.madt.cpus[i].enabled && acpi.madt.cpus[i].apic_id >= APIC_BROADCAST)
			return true;
	return false;
}

/* Prints a line for each type of CPU that runs, with the number of its CPUs and the first one. */
static void print_types(void)
{
	char text[CPU_TYPE_TEXT];

	for (u32 i = 0; i < cpu_count; i++) {
		const struct cpu_type *type = &cpus[i]->type;
		u32 before = 0, all = 0;

		for (u32 j = 0; j < cpu_count; j++)
			if (cpu_type_same(type, &cpus[j]->type)) {
				before += j < i;
				all++;
			}
		if (before)
			continue;
		cpu_type_print(type, text);
		results_pr("# CPU type: %s: %u from CPU %u on\n", text, all, i);
	}
}

void smp_start(void)
{
	u32 limit = MIN(options.cpus, CPUS_MAX), over = 0;

	boot_cpu.apic_id = apic_id();
	boot_cpu.type = cpu_type_read();
	for (u32 i = 0; i < acpi.madt.cpu_count; i++) {
		const struct acpi_cpu *found = &acpi.madt.cpus[i];

		if (!startable(found))
			continue;
		if (cpu_count == limit)
			over++;
		else if (trampoline || lay_out())
			start_or_leave_out(found->apic_id);
		else
			break;
	}
	if (over)
		pr("# CPUs: %u run, %u not, as %s\n", cpu_count, over,
		   limit == CPUS_MAX ? "more are not supported" : "cpus= says");
	else
		pr("# CPUs: %u run\n", cpu_count);
	print_types();
}

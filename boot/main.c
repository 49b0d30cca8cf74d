// SPDX-License-Identifier: MIT
/* The boot order, as one annotated list. */
#include "boot/acpi/acpi_registers.h"
#include "boot/acpi_map.h"
#include "boot/cmdline.h"
#include "boot/identity.h"
#include "boot/multiboot2.h"
#include "boot/paging.h"
#include "boot/serial.h"
#include "boot/smp.h"
#include "kernel/apic.h"
#include "kernel/codes.h"
#include "kernel/console/console.h"
#include "kernel/console/display.h"
#include "kernel/console/panic.h"
#include "kernel/console/results.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/layout.h"
#include "kernel/cpu/patch.h"
#include "kernel/dma/dma.h"
#include "kernel/ipi.h"
#include "kernel/lib/option_words.h"
#include "kernel/lib/options.h"
#include "kernel/lib/string.h"
#include "kernel/machine.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "kernel/trace/trace_ring.h"
#include "kernel/work.h"
#include "mm/init.h"
#include "mm/page.h"
#include "mm/pmem/pmem.h"
#include "mm/stack.h"
#include "mm/vmap.h"
#include "monitor/monitor.h"
#include "pks/pkrs.h"
#include "pks/policy/fault.h"
#include "pks/policy/global.h"
#include "tests/harness/ktest.h"

_Noreturn void boot_main(u32 mbi_phys);

static struct boot_info boot_info;

static void complain(const char *message, void *arg)
{
	(void)arg;
	results_pr("# command line: %s\n", message);
}

static _Noreturn void refuse_boot_info(const char *why)
{
	display_start_last(&boot_info);
	panic("the boot loader's information is damaged: %s", why);
}

/* Drops the last word of a line that was cut: half a word may mean something else. */
static void drop_cut_word(char *line)
{
	char *end = line + strlen(line);

	while (end > line && end[-1] != ' ')
		end--;
	*end = '\0';
}

/* Puts the command line's words into `opt`, and complains of those that are wrong. */
static void read_command_line(struct options *opt)
{
	if (boot_info.cmdline_cut)
		results_pr("# command line: longer than %d characters; ignoring the rest\n",
			   BOOT_CMDLINE_MAX - 1);
	cmdline_parse(boot_info.cmdline, opt, complain, NULL);
}

/* Complains once more, above the totals: what a boot prints first is soon out of sight. */
static void complain_again(void)
{
	static struct options unused;

	read_command_line(&unused);
}

static void print_cpu(void)
{
	struct cpuid r = cpuid(0, 0), v = cpuid(1, 0);
	char vendor[13] = { 0 };

	*(u32 *)vendor = r.b;
	*(u32 *)(vendor + 4) = r.d;
	*(u32 *)(vendor + 8) = r.c;
	results_pr("# CPU: %s signature %08x%s%s%s%s%s%s%s\n", vendor, v.a,
		   cpu_has(FEATURE_PKS) ? " pks" : "", cpu_has(FEATURE_PKU) ? " pku" : "",
		   cpu_has(FEATURE_SMEP) ? " smep" : "", cpu_has(FEATURE_SMAP) ? " smap" : "",
		   cpu_has(FEATURE_UMIP) ? " umip" : "",
		   cpu_has(FEATURE_PAGE1GB) ? " 1gib-pages" : "",
		   cpu_has(FEATURE_LA57) ? " la57" : "");
}

static void print_pks(void)
{
	u32 init = PKRS_INIT;

	if (!CONFIG_PKS)
		results_pr("# PKS: compiled out\n");
	else if (!pks_on())
		results_pr("# PKS: this CPU does not have it (CPUID.7.0:ECX[31] is 0)\n");
	else
		results_pr("# PKS: mode %s, gate %s, pardon %s, initial rights %p"
			   "K%s\n",
			   pks_mode_name(options.policy.mode), pks_gate_name(options.policy.gate),
			   pks_scope_name(options.policy.scope), &init,
			   CONFIG_PARANOID ? ", paranoid build" : "");
}

/* Starts the serial port that the SPCR names as the firmware's console. */
static void start_serial(void)
{
	const struct acpi_spcr *spcr = &acpi.spcr;

	if (!spcr->present)
		return;
	if (spcr->type != ACPI_UART_16550 && spcr->type != ACPI_UART_16450 &&
	    spcr->type != ACPI_UART_16550_GAS) {
		pr("# console: the SPCR's port is of type %u, which is not a 16550\n", spcr->type);
		return;
	}
	serial_start(&(struct uart_place){
		.mmio = spcr->reg.space == ACPI_MEMORY,
		.base = spcr->reg.addr,
		.stride = spcr->stride,
		.width = spcr->reg.space == ACPI_MEMORY && spcr->reg.access == 4 ? 32 : 8,
		.baud = spcr->baud,
	});
}

/* Devices and threads: everything that needs memory. */
static void kernel_main(const struct boot_info *info)
{
	bool passed;
	u64 ist;

	mm_init(info);   /* from here on: direct map, W^X image, page_alloc() */
	acpi_init(info); /* before the clocks, CPUs and devices that the tables describe */
	start_serial();
	ist = stack_alloc_slots(IST_STACKS);
	if (!ist)
		panic("no memory for the interrupt stacks");
	percpu_set_ist(this_cpu(), ist); /* #DF, NMI, #MC get stacks of their own */
	percpu_use_ist();
	pkrs_init(); /* before any context but this one exists */
	pkrs_enforce(options.policy.mode != PKS_MODE_OFF);
	print_pks();
	syscall_init_cpu();
	apic_choose_mode(options.x2apic || smp_wants_x2apic());
	apic_init(apic_mmio_address() ? vmap_mmio(apic_mmio_address(), PAGE_SIZE) : NULL);
	ipi_init();
	pks_global_init();
	time_calibrate();
	sched_init(); /* this code is the thread "main" now */
	tick_init();
	tick_start();
	trace_attach(this_cpu()->id, trace_ring_alloc());
	trace_on = options.trace || options.exit == EXIT_MONITOR; /* else nobody reads it */
	pmem_init(info); /* struct pages of memory that is no RAM, while there is one CPU */
	dma_init(info);
	irq_enable();
	smp_start();
	work_start();
	passed = ktest_main(complain_again);
	codes_show();
	if (options.exit == EXIT_MONITOR)
		monitor_main(passed); /* does not return */
	machine_end(passed ? MACHINE_PASS : MACHINE_FAIL);
}

/* Called by boot/boot.S in 64-bit mode: boot page tables, boot stack, interrupts off. */
void boot_main(u32 mbi_phys)
{
	const char *why;

	percpu_init(&boot_cpu, 0);
	percpu_load(&boot_cpu); /* exceptions are reported from here on */
	console_init();
	pr("# Keyward: protection keys for supervisor pages, on bare metal\n");
	identity_print();
	if (mb2_parse(phys_to_virt(mbi_phys), BOOT_MAPPED - mbi_phys, &boot_info, &why))
		refuse_boot_info(why);
	display_start(&boot_info);
	if (boot_info.cmdline_cut)
		drop_cut_word(boot_info.cmdline);
	results_keep("# words: %s\n", boot_info.cmdline);
	read_command_line(&options);
	paging_start(options.paging);
	patch_apply(options.magic, options.trace); /* kernel text is writable until mm_init() */
	if (!options.seed)
		options.seed = rdtsc() | 1;
	results_pr("# seed: %lu (seed=%lu starts the same random sequence)\n", options.seed,
		   options.seed);
	print_cpu();
	kernel_main(&boot_info);
	panic("kernel_main has returned");
}

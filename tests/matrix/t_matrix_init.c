// SPDX-License-Identifier: MIT
/*
 * INIT leaves IA32_PKRS alone (docs/PKS.md has the source; the SDM does not say). CPUs get INIT and
 * start-up IPIs once more, while they hold values that the boot does not use; then each goes on
 * with the thread that it left. A register that is clear afterwards is observed and not judged.
 * What this cannot know: the boot CPU, which INIT would send to the firmware, and a reset.
 */
#define KTEST_SUITE "matrix"

#include "boot/smp.h"
#include "kernel/apic.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/pat.h"
#include "kernel/lib/random.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "pks/pkrs.h"
#include "tests/harness/access.h"
#include "tests/harness/percpu_run.h"
#include "tests/matrix/matrix_rule.h"

bool away_leave(void);
_Noreturn void away_return(void);

#define SDM     "Processor State After Reset" /* and INIT; the table has no line for the register */
#define WAIT_NS 5000000000ULL
#define TRIES   3             /* each may take a second; a host may be busy for longer */
#define TICK_NS 2000000000ULL /* a CPU that is well has ticks by then, on a busy host too */

/* What the CPU that goes away and the one that calls it back share. */
static struct {
	struct rule_tally rule;
	u32 member;       /* of the CPU that goes */
	u32 value, found; /* IA32_PKRS before INIT and after the start */
	bool pks;         /* CR4.PKS at the INIT */
	bool gone;        /* it waits for its INIT: smp_store_release() */
	u64 kept, cleared;
	u32 at_once; /* starts of this CPU that needed one try */
	u64 cr0, cr4;
	u8 stack[4096] __attribute__((aligned(16)));
} init;

/* The first C code after the start: what the kernel's own start does, but for threads. */
static void come_back(struct cpu *cpu)
{
	init.found = (u32)rdmsr(MSR_IA32_PKRS);
	percpu_load(cpu);
	apic_init_cpu();
	pat_init_cpu();
	syscall_init_cpu();
	wrmsr(MSR_IA32_PKRS, cpu->pkrs); /* before CR4.PKS */
	write_cr0(init.cr0);
	write_cr4(init.cr4);
	smp_restarted();
	away_return();
}

/* Loads the value, waits for INIT, and returns when the CPU is back. */
static void go_away(void)
{
	u64 flags = irq_save();

	init.cr0 = read_cr0();
	init.cr4 = read_cr4();
	if (!init.pks) /* now the register may deny the kernel's own key */
		write_cr4(init.cr4 & ~(u64)CR4_PKS);
	if (!away_leave()) {
		wrmsr(MSR_IA32_PKRS, init.value); /* the mirror has what come_back() loads */
		smp_store_release(&init.gone, true);
		for (;;)
			asm volatile("cli; hlt");
	}
	tick_start(); /* the APIC has forgotten it */
	irq_restore(flags);
}

static void call_back(void)
{
	const char *why = "not tried";
	u32 i;

	for (u64 until = now_ns() + WAIT_NS; !smp_load_acquire(&init.gone); cpu_relax())
		if (now_ns() > until)
			panic("CPU %u did not get ready for INIT", init.member);
	for (i = 0; why && i < TRIES; i++) /* nothing but INIT comes to the register meanwhile */
		why = smp_restart(cpus[init.member], (u64)init.stack + sizeof(init.stack),
				  come_back);
	init.at_once += i == 1;
	if (why)
		panic("CPU %u did not come back after INIT: %s", init.member, why);
}

static void run_member(u32 member, void *arg)
{
	(void)arg;
	if (member == 0)
		call_back();
	else if (member == init.member)
		go_away();
	percpu_meet();
}

/* Sends the CPU away with this value in the register. */
static void try_value(u32 value, bool pks)
{
	init.value = value;
	init.pks = pks;
	init.gone = false;
	init.found = ~value;
	if (!percpu_run(run_member, NULL))
		return;
	init.kept += init.found == value;
	init.cleared += init.found == 0;
	RULE_CASE(
		&init.rule, init.found == value || init.found == 0,
		"CPU %u: IA32_PKRS was %08x at INIT with CR4.PKS = %u, and is %08x after the start",
		init.member, value, pks, init.found);
}

/* True if the CPU runs threads and takes ticks, with its rights in force. */
static void expect_well(void *arg)
{
	u64 ticks = this_cpu()->ticks;

	(void)arg;
	for (u64 until = now_ns() + TICK_NS; this_cpu()->ticks == ticks && now_ns() < until;)
		cpu_relax();
	EXPECT(this_cpu()->ticks != ticks);
	EXPECT_EQ(rights_now(), PKRS_INIT);
	EXPECT(read_cr4() & CR4_PKS);
}

static void try_cpu(u32 member)
{
	init.member = member;
	init.at_once = 0;
	try_value(0x55555554, true);
	try_value(0xaaaaaaab, false); /* key 0 is denied, too */
	try_value((u32)random_next() | 1, false);
	/* The end of a try that failed sends an INIT, which would stand for one that was not sent.
	 */
	EXPECT(init.at_once);
	percpu_run_on(cpus[member], expect_well, NULL);
}

static void init_leaves_pkrs_alone(void)
{
	init.rule = (struct rule_tally)RULE(
		SDM, "IA32_PKRS is after INIT and a start-up IPI what it was before; a machine "
		     "that clears it is observed, not judged");
	init.kept = init.cleared = 0;
	try_cpu(1);
	if (cpu_count > 2)
		try_cpu(cpu_count - 1);
	rule_observed("init:pkrs_kept", init.kept, init.cleared);
	rule_report(&init.rule);
}
KTEST(init_leaves_pkrs_alone, KT_ENFORCED | KT_SMP);

// SPDX-License-Identifier: MIT
/*
 * IA32_PKRS and CR4.PKS after a system-management interrupt are what they were before. The SMI
 * comes from a write to the FADT's SMI_CMD port: ACPI_ENABLE, which a machine in ACPI mode must
 * bear at any time, and in a virtual machine, whose chipset may do that itself, a command that no
 * firmware has. That an SMI arrived is known by MSR_SMI_COUNT (SDM Vol. 4); without that the
 * register is only observed. What this cannot know: what the handler's own accesses obey, and SMIs
 * on silicon whose firmware does not use the port.
 */
#define KTEST_SUITE "matrix"

#include "boot/acpi/acpi_registers.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/lib/random.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "tests/harness/access.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"
#include "tests/matrix/matrix_rule.h"

#define SDM           "SMI Handler Execution Environment"
#define MSR_SMI_COUNT 0x34
#define NO_COMMAND    0x55
#define KEYS          16
#define KEY_0         3u /* both bits of key 0, the kernel's own */
#define VALUES        32
#define FEW_VALUES    4 /* where nothing will be judged */
#define SPINS         10000

struct smi_run {
	struct rule_tally rule;
	u8 command;     /* raises an SMI on this CPU, if any does ... */
	bool works;     /* ... as is known */
	u64 kept, lost; /* values of the register after commands of which no SMI is known */
};

/* Returns how many SMIs this CPU has had; false: it does not count them. */
static bool smi_count(u64 *count)
{
	return probe_rdmsr(MSR_SMI_COUNT, count).vector == FAULT_NONE;
}

/* Writes the command, and waits for an SMI. True: one is known to have come. */
static bool send_smi(u8 command)
{
	u64 before = 0, after = 0;
	bool counts = smi_count(&before);

	outb(acpi.fadt.smi_cmd, command);
	for (u32 i = 0; i < SPINS && counts && smi_count(&after) && after == before; i++)
		cpu_relax();
	return counts && after != before;
}

static bool may_try_any_command(void)
{
	return cpuid(1, 0).c >> 31; /* a hypervisor's, or an emulator's: no firmware of a board */
}

static void find_command(struct smi_run *run)
{
	run->command = acpi.fadt.acpi_enable;
	run->works = send_smi(run->command);
	if (!run->works && may_try_any_command()) {
		run->command = NO_COMMAND;
		run->works = send_smi(run->command);
	}
}

static volatile u64 *page_of_key(u32 key)
{
	return (volatile u64 *)(WINDOW + (key << PAGE_SHIFT));
}

/* The register, CR4 and what both mean for a page must be as before the SMI. */
static void try_value(struct smi_run *run, u32 value, u32 key)
{
	struct oracle_page page = { .present = true, .writable = true, .key = key };
	struct oracle_verdict v = oracle(oracle_cpu_now(value), page, ORACLE_READ);
	struct fault want = NO_FAULT, f;
	u64 cr4 = read_cr4(), read;
	bool came, kept;
	u32 after;

	if (v.fault)
		want = (struct fault){ X86_PF, v.error, (u64)page_of_key(key), 0 };
	rights_put(value);
	came = send_smi(run->command);
	after = (u32)rdmsr(MSR_IA32_PKRS);
	f = probe_read((void *)page_of_key(key), &read);
	kept = after == value && read_cr4() == cr4;
	if (came)
		RULE_FAULT(&run->rule, f, want, kept,
			   "IA32_PKRS was %08x, is %08x after an SMI, CR4 was %lx, is %lx; page of "
			   "key %u",
			   value, after, cr4, read_cr4(), key);
	run->kept += !came && kept;
	run->lost += !came && !kept;
}

static void try_values(void *arg)
{
	struct smi_run *run = arg;
	struct rights_saved saved = rights_begin();

	find_command(run);
	tlb_flush_range(WINDOW, KEYS);
	for (u32 i = 0; i < (run->works ? VALUES : FEW_VALUES); i++) {
		u32 key = i % KEYS, value = (u32)random_next() & ~KEY_0;

		try_value(run, key ? OF_KEY(key, i / KEYS + 1, value) : value, key);
	}
	rights_end(saved);
}

static bool map_keys(const struct page *page)
{
	for (u32 key = 0; key < KEYS; key++)
		if (!window_map(key << PAGE_SHIFT, page_to_phys(page), PAGE_SIZE,
				PTE_RW_DATA | window_key(key), 1))
			return false;
	return true;
}

static void an_smi_leaves_pkrs_alone(void)
{
	struct smi_run run = { .rule = RULE(SDM, "IA32_PKRS and CR4.PKS are after an SMI what they "
						 "were before, and hold") };
	struct page *page;

	SKIP_IF(options.avoid & AVOID_SMI, "this machine ends at an SMI (avoid=smi)");
	SKIP_IF(!acpi.fadt.smi_cmd || !acpi.fadt.acpi_enable, "the FADT names no SMI command");
	page = window_page(0);
	REQUIRE(page);
	if (map_keys(page)) {
		percpu_run_on(cpus[0], try_values, &run);
		if (cpu_count > 1)
			percpu_run_on(cpus[cpu_count - 1], try_values, &run);
	}
	window_clear();
	page_free(page, 0);
	rule_observed("smi_command_without_known_smi:pkrs_kept", run.kept, run.lost);
	SKIP_IF(!run.rule.cases, "no SMI is known to have come: MSR_SMI_COUNT does not change, or "
				 "this CPU has none");
	rule_report(&run.rule);
}
KTEST(an_smi_leaves_pkrs_alone, KT_PKS);

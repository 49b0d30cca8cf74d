// SPDX-License-Identifier: MIT
/*
 * Compares the ACPI tables with the hardware. What this cannot know: whether the tables are right
 * about anything else; tests/system/badinput tests damaged ones.
 */
#define KTEST_SUITE "acpi"

#include "boot/acpi/acpi_registers.h"
#include "kernel/apic.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "tests/harness/expect.h"

#define NO_MADT "the firmware has no MADT"

static void madt_lists_this_cpu_once(void)
{
	u32 found = 0;

	SKIP_IF(!acpi.madt.present, NO_MADT);
	for (u32 i = 0; i < acpi.madt.cpu_count; i++)
		if (acpi.madt.cpus[i].apic_id == apic_id() && acpi.madt.cpus[i].enabled)
			found++;
	EXPECT_EQ(found, 1);
}
KTEST(madt_lists_this_cpu_once, 0);

static void madt_has_the_local_apic_address(void)
{
	SKIP_IF(!acpi.madt.present, NO_MADT);
	EXPECT_EQ(acpi.madt.lapic, apic_base_address(rdmsr(MSR_APIC_BASE) & ~(u64)APIC_BASE_X2APIC,
						     cpu_phys_bits()));
}
KTEST(madt_has_the_local_apic_address, 0);

/* A 24-bit counter at 3579545 Hz wraps after 4.7 s, so a few reads show that it counts upwards. */
static void pm_timer_counts(void)
{
	u32 mask = acpi.fadt.timer_32bit ? ~0u : 0xffffff, first, passed = 0;

	SKIP_IF(!acpi_has(ACPI_PM_TIMER), "the firmware names no PM timer");
	first = acpi_read(ACPI_PM_TIMER, 0, 4);
	for (u32 i = 0; i < 1000000 && !passed; i++)
		passed = (acpi_read(ACPI_PM_TIMER, 0, 4) - first) & mask;
	EXPECT(passed != 0);
	EXPECT(passed < mask / 2);
}
KTEST(pm_timer_counts, 0);

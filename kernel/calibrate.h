/* SPDX-License-Identifier: MIT */
/* How fast the processor's own clocks run, measured against one of known speed. */
#ifndef KEYWARD_KERNEL_CALIBRATE_H
#define KEYWARD_KERNEL_CALIBRATE_H

#include "kernel/lib/types.h"

struct calibration {
	u64 tsc_hz;
	u64 timer_hz;   /* the local APIC timer's counts, of bus clocks / 16 */
	const char *by; /* what was believed */
};

/*
 * Measures the TSC and this processor's APIC timer over a few milliseconds, by the first of these
 * that is there and counts: PIT, HPET, ACPI PM timer. Else by what CPUID says, else it is a guess,
 * and that is printed. Uses the APIC timer. Boot, interrupts off, after acpi_init().
 */
struct calibration calibrate(void);

#endif

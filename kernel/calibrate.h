/* SPDX-License-Identifier: MIT */
/* Measures the rates of the CPU's own clocks against a clock of known rate. */
#ifndef KEYWARD_KERNEL_CALIBRATE_H
#define KEYWARD_KERNEL_CALIBRATE_H

#include "kernel/lib/types.h"

struct calibration {
	u64 tsc_hz;
	u64 timer_hz;   /* the local APIC timer's counts, of bus clocks / 16 */
	const char *by; /* the reference used; static text */
};

/*
 * Measures the TSC and this CPU's APIC timer for a few milliseconds against the first of these that
 * exists and counts: PIT, HPET, ACPI PM timer. Without one it takes the rates from CPUID leaf 15H;
 * without that it guesses, and prints so. Uses the APIC timer. Boot, interrupts off, after
 * acpi_init().
 */
struct calibration calibrate(void);

#endif

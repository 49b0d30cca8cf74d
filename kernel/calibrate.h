/* SPDX-License-Identifier: MIT */
/* Measures the rates of the CPU's own clocks against a clock of known rate. */
#ifndef KEYWARD_KERNEL_CALIBRATE_H
#define KEYWARD_KERNEL_CALIBRATE_H

#include "kernel/cpu/cpuid.h"
#include "kernel/lib/types.h"

struct rates {
	u64 tsc_hz;
	u64 timer_hz; /* the local APIC timer's counts, of bus clocks / 16 */
};

struct calibration {
	u64 tsc_hz, timer_hz; /* as in struct rates */
	const char *by;       /* the reference used; static text */
};

/*
 * Measures the TSC and this CPU's APIC timer for a few milliseconds against the first of these that
 * exists and counts: PIT, HPET, ACPI PM timer. Without one it takes the rates from CPUID leaves 15H
 * and 16H; without these it guesses, and prints so. Uses the APIC timer. Boot, interrupts off,
 * after acpi_init().
 */
struct calibration calibrate(void);

/*
 * Picks the rates of `n` measurements, the last of which is new. True: it agrees with an earlier
 * one within 1 %, so neither was disturbed; an SMI, or a host that lets the CPU wait, disturbs no
 * two alike. False: measure again; *picked is the slowest TSC so far, as a delay mostly makes a
 * clock look faster. Any context; pure.
 */
bool calibration_pick(const struct rates *seen, u32 n, struct rates *picked);

/*
 * Computes the rates from CPUID leaf 15H (ratio, crystal), then 16H (base and bus frequency), all 0
 * for a leaf that the CPU does not have (SDM Vol. 3B, "Determining the Processor Base Frequency").
 * With a ratio the crystal drives the APIC timer, else the bus clock does (SDM Vol. 3A, "APIC
 * Timer"). False: the TSC's rate is unknown. timer_hz may be 0: unknown. Any context; pure.
 */
bool calibration_by_cpuid(struct cpuid leaf15, struct cpuid leaf16, struct calibration *c);

#endif

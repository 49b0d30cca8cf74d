/* SPDX-License-Identifier: MIT */
/* The clock (TSC) and the tick (local APIC timer, one shot, armed again by each tick). */
#ifndef KEYWARD_KERNEL_TIME_H
#define KEYWARD_KERNEL_TIME_H

#include "kernel/lib/types.h"

#define TICK_DEFAULT_NS 2000000

/* Measures the TSC and the APIC timer: see kernel/calibrate.h. Once, boot, after acpi_init(). */
void time_calibrate(void);

/* Install the tick's handler, and start the tick on this CPU. Boot, interrupts off. */
void tick_init(void);
void tick_start(void);

/*
 * Sets the time between this CPU's ticks, at least 2 us. With jitter each tick takes a random 1/4
 * to 7/4 of it, so that preemption comes at odd places. The ticks draw from a sequence of their
 * own, which one number starts: how many of them come changes nothing in what a test draws. Takes
 * effect with the next tick. Any context but NMI.
 */
void tick_set(u64 period_ns, bool jitter);

/* Returns the TSC's rate as calibrated, in kHz. Any context. */
u64 time_tsc_khz(void);

/* Returns the nanoseconds since calibration. Any context. */
u64 now_ns(void);

#endif

/* SPDX-License-Identifier: MIT */
/* The clock (TSC) and the tick (local APIC timer, one shot, armed again by each tick). */
#ifndef KEYWARD_KERNEL_TIME_H
#define KEYWARD_KERNEL_TIME_H

#include "kernel/lib/types.h"

#define TICK_DEFAULT_NS 2000000

/* Measures TSC and APIC timer, once: see kernel/calibrate.h. Boot only, after acpi_init(). */
void time_calibrate(void);

/* Gives the tick its handler; starts it on this processor. Boot, interrupts off. */
void tick_init(void);
void tick_start(void);

/*
 * Time between this processor's ticks, at least 2 us. With jitter each tick is drawn from 1/4 to
 * 7/4 of it, so that preemption comes at odd places. Takes effect with the next tick. Any context
 * but NMI.
 */
void tick_set(u64 period_ns, bool jitter);

/* The TSC's rate as calibrated. Any context. */
u64 time_tsc_khz(void);

/* Nanoseconds since calibration. Any context. */
u64 now_ns(void);

/*
 * The kernel panics if the clock passes `deadline_ns`, naming the test `what`; 0 turns this off.
 * Checked by the tick. Thread context.
 */
void watchdog_set(u64 deadline_ns, const char *what);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The watchdog of a test. It measures what the machine has done, not the time that has passed: it
 * counts ticks that the watched CPU handles, each for no more than the time that it was armed for.
 * An emulator on a busy host delivers ticks late and drops others, and so gets more time.
 */
#ifndef KEYWARD_KERNEL_WATCHDOG_H
#define KEYWARD_KERNEL_WATCHDOG_H

#include "kernel/lib/types.h"

struct regs;

#define WATCHDOG_SILENT_NS 10000000000ULL

/*
 * How long the watched CPU may handle no tick while others do; ns. A test writes it, in thread
 * context, while no other test runs; the tick of any CPU reads it.
 */
extern u64 watchdog_silent_ns;

/*
 * Watches the calling CPU: the tick panics, naming the test `what`, once that CPU has handled ticks
 * worth `ns`, or has handled none for watchdog_silent_ns while others do. 0 turns the watchdog off.
 * Thread context; `what` is static text.
 */
void watchdog_set(u64 ns, const char *what);

/* Counts one tick of this CPU, which was armed for `armed_ns`. Called by the tick. */
void watchdog_tick(const struct regs *regs, u64 armed_ns);

#endif

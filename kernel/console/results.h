/* SPDX-License-Identifier: MIT */
/*
 * What a run found, kept in short form for the end of the run: the only copy of it that leaves a
 * machine without a serial port is a picture of its screen (kernel/codes.h). The lines are those of
 * the log; docs/HARDWARE.md lists them.
 *
 * The boot code writes it, then the thread that runs the tests or the running test's thread, which
 * the former waits for. So there is one writer at a time, and no lock.
 */
#ifndef KEYWARD_KERNEL_CONSOLE_RESULTS_H
#define KEYWARD_KERNEL_CONSOLE_RESULTS_H

#include "kernel/lib/summary.h"

/* Prints one line, as pr() does, and keeps it. */
void results_pr(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Keeps a line without printing it. */
void results_keep(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Begins a run: forgets what the one before has found, but not what the boot has. */
void results_begin(void);

/* Prints the names of the tests that were not as expected. */
void results_print_failed(void);

/*
 * Ends a run: prints and keeps a line that must not be lost, the totals, and keeps the number of
 * lines that were lost.
 */
void results_end(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Returns all that is kept. */
const struct summary *results(void);

#endif

/* SPDX-License-Identifier: MIT */
/* The monitor: a prompt for a person at the machine, on the serial port and a keyboard. */
#ifndef KEYWARD_MONITOR_MONITOR_H
#define KEYWARD_MONITOR_MONITOR_H

#include "kernel/lib/types.h"

/*
 * Reads and runs commands until one ends the machine. `passed`: the tests before it did, which the
 * machine's status will say. The main thread, with its rights as they were at first.
 */
_Noreturn void monitor_main(bool passed);

#endif

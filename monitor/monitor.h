/* SPDX-License-Identifier: MIT */
/* The monitor: a prompt for a person at the machine, on the serial port and a keyboard. */
#ifndef KEYWARD_MONITOR_MONITOR_H
#define KEYWARD_MONITOR_MONITOR_H

#include "kernel/lib/types.h"

/*
 * Reads and runs commands until one ends the machine. `passed`: whether the tests before it have
 * passed, for the machine's exit status. The main thread, with its initial rights.
 */
_Noreturn void monitor_main(bool passed);

#endif

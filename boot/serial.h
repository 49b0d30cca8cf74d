/* SPDX-License-Identifier: MIT */
/* Puts the console on a serial port that the firmware names. */
#ifndef KEYWARD_BOOT_SERIAL_H
#define KEYWARD_BOOT_SERIAL_H

#include "kernel/console/uart.h"

/*
 * Checks `place`, which is untrusted, maps its registers and makes it a console; the text so far
 * goes there too. If it is COM1, a console already, sets place->baud. Prints one line of result.
 * Call once, at boot, after mm_init() and before other CPUs run.
 */
void serial_start(const struct uart_place *place);

#endif

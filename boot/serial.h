/* SPDX-License-Identifier: MIT */
/* A serial port that the firmware names, from its place to the console on it. */
#ifndef KEYWARD_BOOT_SERIAL_H
#define KEYWARD_BOOT_SERIAL_H

#include "kernel/console/uart.h"

/*
 * Checks `place`, which is not trusted, maps its registers, and lets text go there too: the port
 * gets what was printed so far. COM1, which is there already, takes place->baud. Says in one line
 * what has become of it. Once, boot, after mm_init() and before other processors run.
 */
void serial_start(const struct uart_place *place);

#endif

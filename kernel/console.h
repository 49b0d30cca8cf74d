/* SPDX-License-Identifier: MIT */
/* Where text goes: serial port first, port E9 of emulators, VGA text where there is one. */
#ifndef KEYWARD_KERNEL_CONSOLE_H
#define KEYWARD_KERNEL_CONSOLE_H

#include "kernel/types.h"

/* Finds the serial port and port E9. Boot only. */
void console_init(void);

/* Adds a VGA-compatible text screen of `cols` x `rows` cells at `cells`. Boot only. */
void console_add_vga(volatile u16 *cells, u32 cols, u32 rows);

/*
 * Prints as ksnprintf() formats, at most 511 characters a call; a call's text stays in one piece.
 * Any context; in NMI context, and after console_panic(), it takes no lock.
 */
void pr(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* From now on nobody waits for the console's lock. */
void console_panic(void);

#endif

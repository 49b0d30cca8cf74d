/* SPDX-License-Identifier: MIT */
/*
 * Where text goes: serial ports first, then port E9 of emulators, then the screen. Each of them may
 * lack. What comes late gets the text so far, its last 4 KiB.
 */
#ifndef KEYWARD_KERNEL_CONSOLE_CONSOLE_H
#define KEYWARD_KERNEL_CONSOLE_CONSOLE_H

#include "kernel/lib/types.h"

struct boot_framebuffer;
struct uart_place;

/* Finds COM1 and port E9. Boot only. */
void console_init(void);

/*
 * Text goes to the serial port at `place` too, which uart_place_check() accepts; `regs` is where
 * its registers are mapped, NULL for I/O ports. If it is COM1, that takes place->baud. False:
 * nobody answers there. Once, boot only, before other processors run.
 */
bool console_set_uart(const struct uart_place *place, volatile void *regs);

/* The screen is a VGA-compatible text buffer of `cols` x `rows` cells at `cells`. Boot only. */
void console_add_text(volatile u16 *cells, u32 cols, u32 rows);

/* The screen is a framebuffer that framebuffer_check() accepts, mapped at `pixels`. Boot only. */
void console_add_framebuffer(const struct boot_framebuffer *fb, volatile void *pixels);

/* The framebuffer is mapped elsewhere now. Boot only. */
void console_move_framebuffer(volatile void *pixels);

/*
 * Prints as ksnprintf() formats, at most 511 characters a call; a call's text stays in one piece.
 * Any context; in NMI context, and after console_panic(), it takes no lock.
 */
void pr(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* From now on nobody waits for the console's lock. */
void console_panic(void);

/*
 * The next byte that a serial port has received, or -1: it does not wait. Ports hold 16 bytes and
 * nobody fetches them meanwhile, so who reads must ask often: at 115200 baud each millisecond.
 * Thread context.
 */
int console_getc(void);

#endif

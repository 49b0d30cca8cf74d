/* SPDX-License-Identifier: MIT */
/*
 * The console: text goes to the serial ports first, then to port E9 of emulators, then to the
 * screen. Any of them may be absent. A port or screen that comes late gets the last 4 KiB of text.
 */
#ifndef KEYWARD_KERNEL_CONSOLE_CONSOLE_H
#define KEYWARD_KERNEL_CONSOLE_CONSOLE_H

#include "kernel/lib/types.h"

struct boot_framebuffer;
struct fbcon;
struct uart_place;

/* Finds COM1 and port E9. Boot only. */
void console_init(void);

/*
 * Prints to the serial port at `place` too, which uart_place_check() must accept; `regs` is where
 * its registers are mapped, NULL for I/O ports. If that is COM1, only sets place->baud. False: no
 * port answers. Once, boot only, before other CPUs run.
 */
bool console_set_uart(const struct uart_place *place, volatile void *regs);

/* A cell of a VGA-compatible text buffer. */
struct text_cell {
	u8 character, attribute;
};

/* Uses as screen a text buffer of `cols` x `rows` cells at `cells`. Boot only. */
void console_add_text(volatile struct text_cell *cells, u32 cols, u32 rows);

/* Uses as screen a framebuffer that framebuffer_check() accepts, mapped at `pixels`. Boot only. */
void console_add_framebuffer(const struct boot_framebuffer *fb, volatile void *pixels);

/* True if text goes to a serial port. Any context. */
bool console_has_serial(void);

/*
 * Hides the text and returns a framebuffer screen for the caller to draw on, NULL without one.
 * console_show() shows the text again, with all that was printed meanwhile; so does a panic. Thread
 * context, one caller.
 */
const struct fbcon *console_hide(void);
void console_show(void);

/* Changes where the framebuffer is mapped. Boot only. */
void console_move_framebuffer(volatile void *pixels);

/*
 * Prints what ksnprintf() formats, at most 511 characters per call, in one piece. Any context;
 * takes no lock in NMI context and after console_panic().
 */
void pr(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Makes pr() take no lock from now on. Any context. */
void console_panic(void);

/*
 * Returns the next byte that a serial port has received, or -1; never waits. Ports buffer only 16
 * bytes, so the reader must poll often: every millisecond at 115200 baud. Thread context.
 */
int console_getc(void);

#endif

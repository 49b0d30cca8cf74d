// SPDX-License-Identifier: MIT
#include "kernel/console/console.h"
#include "kernel/console/fbcon.h"
#include "kernel/console/screen.h"
#include "kernel/console/uart.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/spinlock.h"
#include "kernel/lib/printf.h"

#define PORT_E9   0xe9 /* QEMU's -debugcon and Bochs' port_e9_hack read back 0xe9 */
#define VGA_WHITE 0x07
#define UARTS_MAX 2
#define PAST      4096 /* bytes of past text that a late console gets */

static const struct uart_place com1 = { .base = 0x3f8, .stride = 1, .width = 8, .baud = 115200 };

static struct {
	struct spinlock lock; /* guards all of this, except in NMI context and in panic */
	bool e9, panicking;
	u32 uart_count; /* grows during boot */
	struct uart uarts[UARTS_MAX];
	volatile struct text_cell *vga; /* the screen is this or fb: see screen.draw */
	struct fbcon fb;
	struct screen screen;
	bool hidden;     /* somebody else draws on the screen */
	char past[PAST]; /* a ring: byte n of all text is past[n % PAST] */
	u64 written;     /* bytes ever put there */
} console;

/* Leaves the attribute as it is: an emulator takes each byte for an access of a device. */
static void draw_text(u32 col, u32 row, u8 c)
{
	console.vga[row * console.screen.cols + col].character = c;
}

static void draw_pixels(u32 col, u32 row, u8 c)
{
	fbcon_draw(&console.fb, col, row, c);
}

static bool serial_put(struct uart *u, char c)
{
	return (c != '\n' || uart_put(u, '\r')) && uart_put(u, (u8)c);
}

/*
 * Writes the whole text to one console after the other. A port that accepts no more loses the rest
 * of the text: each byte would wait again, with interrupts off.
 */
static void put_text(const char *text)
{
	for (const char *c = text; *c; c++)
		console.past[console.written++ % PAST] = *c;
	for (u32 i = 0; i < console.uart_count; i++)
		for (const char *c = text; *c && serial_put(&console.uarts[i], *c); c++)
			;
	for (const char *c = text; console.e9 && *c; c++)
		outb(PORT_E9, (u8)*c);
	for (const char *c = text; console.screen.cols && *c; c++)
		screen_put(&console.screen, *c);
	if (!console.hidden)
		screen_flush(&console.screen);
}

/*
 * Calls put() for each byte of past text until it returns false. If the beginning is lost, starts
 * at the first whole line.
 */
static void replay(bool (*put)(char c))
{
	u64 i = console.written > PAST ? console.written - PAST : 0;

	while (i && i < console.written && console.past[(i - 1) % PAST] != '\n')
		i++;
	for (; i < console.written && put(console.past[i % PAST]); i++)
		;
}

static bool put_screen(char c)
{
	screen_put(&console.screen, c);
	return true;
}

static bool put_last_uart(char c)
{
	return serial_put(&console.uarts[console.uart_count - 1], c);
}

void console_init(void)
{
	if (uart_start(&console.uarts[0], &com1, NULL))
		console.uart_count = 1;
	console.e9 = inb(PORT_E9) == PORT_E9;
}

bool console_set_uart(const struct uart_place *place, volatile void *regs)
{
	u64 flags = spin_lock_irqsave(&console.lock);
	bool there = true;

	if (console.uart_count && uart_same(place, &console.uarts[0].place)) {
		uart_set_baud(&console.uarts[0], place->baud);
	} else {
		there = console.uart_count < UARTS_MAX &&
			uart_start(&console.uarts[console.uart_count], place, regs);
		if (there) {
			console.uart_count++;
			replay(put_last_uart);
		}
	}
	spin_unlock_irqrestore(&console.lock, flags);
	return there;
}

static void screen_is(u32 cols, u32 rows, u32 step, void (*draw)(u32 col, u32 row, u8 c))
{
	screen_start(&console.screen, cols, rows, step, draw);
	replay(put_screen);
	screen_flush(&console.screen);
}

void console_add_text(volatile struct text_cell *cells, u32 cols, u32 rows)
{
	u64 flags = spin_lock_irqsave(&console.lock);

	for (u32 i = 0; i < cols * rows; i++)
		cells[i].attribute = VGA_WHITE;
	console.vga = cells;
	screen_is(cols, rows, rows / 4, draw_text);
	spin_unlock_irqrestore(&console.lock, flags);
}

void console_add_framebuffer(const struct boot_framebuffer *fb, volatile void *pixels)
{
	u64 flags = spin_lock_irqsave(&console.lock);
	u32 rows = fbcon_rows(fb);

	fbcon_start(&console.fb, fb, pixels);
	screen_is(fbcon_cols(fb), rows, rows / 4, draw_pixels);
	spin_unlock_irqrestore(&console.lock, flags);
}

void console_move_framebuffer(volatile void *pixels)
{
	u64 flags = spin_lock_irqsave(&console.lock);

	console.fb.pixels = pixels;
	spin_unlock_irqrestore(&console.lock, flags);
}

bool console_has_serial(void)
{
	return console.uart_count != 0;
}

const struct fbcon *console_hide(void)
{
	u64 flags = spin_lock_irqsave(&console.lock);

	console.hidden = console.fb.pixels != NULL;
	spin_unlock_irqrestore(&console.lock, flags);
	return console.fb.pixels ? &console.fb : NULL;
}

/* Whoever draws the text next, this CPU or one that prints in an NMI, draws all of it. */
static void unhide(void)
{
	if (!console.hidden)
		return;
	fbcon_fill(&console.fb, 0, 0, console.fb.width, console.fb.height, false);
	screen_redraw(&console.screen);
	console.hidden = false;
}

void console_show(void)
{
	u64 flags = spin_lock_irqsave(&console.lock);

	unhide();
	screen_flush(&console.screen);
	spin_unlock_irqrestore(&console.lock, flags);
}

void console_panic(void)
{
	unhide();
	console.panicking = true;
}

/*
 * Locks the console, and returns the flags for its release. While others print, this CPU answers
 * interrupts if the caller does, and its patience starts anew with each text: hundreds of CPUs take
 * longer than SPIN_TSC_MAX at 115200 baud.
 */
static __attribute__((noinline)) u64 console_lock(void)
{
	u64 since = rdtsc(), written = READ_ONCE(console.written);

	for (;;) {
		u64 flags = irq_save();

		if (spin_trylock(&console.lock)) {
			spin_list(&console.lock);
			return flags;
		}
		irq_restore(flags);
		cpu_relax();
		if (READ_ONCE(console.written) != written) {
			written = READ_ONCE(console.written);
			since = rdtsc();
		} else if (rdtsc() - since > SPIN_TSC_MAX) {
			spin_stuck(&console.lock);
		}
	}
}

static bool lockless(void)
{
	return console.panicking || context_count() >= CONTEXT_NMI;
}

void pr(const char *fmt, ...)
{
	bool locked = !lockless();
	char text[512];
	va_list args;
	u64 flags;

	va_start(args, fmt);
	kvsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	flags = locked ? console_lock() : irq_save();
	put_text(text);
	if (locked)
		spin_unlock_irqrestore(&console.lock, flags);
	else
		irq_restore(flags);
}

int console_getc(void)
{
	u64 flags = console_lock();
	int c = -1;

	for (u32 i = 0; c < 0 && i < console.uart_count; i++)
		c = uart_get(&console.uarts[i]);
	spin_unlock_irqrestore(&console.lock, flags);
	return c;
}

// SPDX-License-Identifier: MIT
#include "kernel/console.h"
#include "kernel/context.h"
#include "kernel/insn.h"
#include "kernel/printf.h"
#include "kernel/spinlock.h"

#define COM1      0x3f8
#define COM_IER   (COM1 + 1)
#define COM_FCR   (COM1 + 2)
#define COM_LCR   (COM1 + 3)
#define COM_MCR   (COM1 + 4)
#define COM_LSR   (COM1 + 5)
#define COM_SCR   (COM1 + 7)
#define LCR_8N1   0x03
#define LCR_DLAB  0x80
#define LSR_THRE  0x20 /* the transmitter takes a byte */
#define SPIN_MAX  0x10000
#define PORT_E9   0xe9 /* QEMU's -debugcon and Bochs' port_e9_hack read back 0xe9 */
#define VGA_WHITE 0x0700

static struct {
	struct spinlock lock; /* serialises whole lines; any context but NMI and panic takes it */
	bool serial, e9, panicking;
	volatile u16 *vga;
	u32 cols, rows, col;
} console;

static bool serial_init(void)
{
	outb(COM_SCR, 0x5a);
	if (inb(COM_SCR) != 0x5a)
		return false;
	outb(COM_IER, 0);
	outb(COM_LCR, LCR_DLAB);
	outb(COM1, 1); /* 115200 baud */
	outb(COM_IER, 0);
	outb(COM_LCR, LCR_8N1);
	outb(COM_FCR, 0x07); /* FIFOs on and empty */
	outb(COM_MCR, 0x03); /* DTR, RTS */
	return true;
}

static void serial_put(char c)
{
	for (u32 spins = 0; !(inb(COM_LSR) & LSR_THRE); spins++)
		if (spins == SPIN_MAX)
			return; /* a port that is stuck must not stop the kernel */
	outb(COM1, (u8)c);
}

static void vga_scroll(void)
{
	u32 last = (console.rows - 1) * console.cols;

	for (u32 i = 0; i < last; i++)
		console.vga[i] = console.vga[i + console.cols];
	for (u32 i = 0; i < console.cols; i++)
		console.vga[last + i] = VGA_WHITE | ' ';
	console.col = 0;
}

static void vga_put(char c)
{
	if (c == '\n' || console.col == console.cols)
		vga_scroll();
	if (c != '\n')
		console.vga[(console.rows - 1) * console.cols + console.col++] = VGA_WHITE | (u8)c;
}

static void put(char c)
{
	if (console.serial) {
		if (c == '\n')
			serial_put('\r');
		serial_put(c);
	}
	if (console.e9)
		outb(PORT_E9, (u8)c);
	if (console.vga)
		vga_put(c);
}

void console_init(void)
{
	console.serial = serial_init();
	console.e9 = inb(PORT_E9) == PORT_E9;
}

void console_add_vga(volatile u16 *cells, u32 cols, u32 rows)
{
	console.cols = cols;
	console.rows = rows;
	console.vga = cells;
	vga_scroll();
}

void console_panic(void)
{
	console.panicking = true;
}

void pr(const char *fmt, ...)
{
	bool lockless = console.panicking || context_count() >= CONTEXT_NMI;
	char text[512];
	u64 flags = irq_save();
	va_list args;

	va_start(args, fmt);
	kvsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!lockless)
		spin_lock(&console.lock);
	for (const char *c = text; *c; c++)
		put(*c);
	if (!lockless)
		spin_unlock(&console.lock);
	irq_restore(flags);
}

// SPDX-License-Identifier: MIT
#include "kernel/console/uart.h"
#include "kernel/cpu/insn.h"

/* Registers; while LCR_DLAB is set, the first two are the halves of the divisor. */
#define REG_DATA    0
#define REG_DLL     0
#define REG_IER     1
#define REG_DLM     1
#define REG_FCR     2
#define REG_LCR     3
#define REG_MCR     4
#define REG_LSR     5
#define REG_SCRATCH 7

#define FCR_EMPTY 0x07 /* FIFOs on, both emptied */
#define LCR_8N1   0x03
#define LCR_DLAB  0x80
#define MCR_ON    0x03 /* DTR, RTS */
#define LSR_DR    0x01 /* a byte was received */
#define LSR_FE    0x08 /* the next byte is invalid: no stop bit */
#define LSR_BI    0x10 /* the next byte is invalid: a break */
#define LSR_THRE  0x20 /* the transmitter accepts a byte */
#define LSR_TEMT  0x40 /* and has sent all before it */
#define LSR_NONE  0xff /* no port here */

#define PC_CLOCK 115200 /* baud at divisor 1: the 1.8432 MHz of a PC, by 16 */

/*
 * Reads of LSR before a port counts as stuck: about a second at an I/O port, some 100 ms in memory,
 * where 16 bytes at 9600 baud take 17 ms. Then each byte waits some milliseconds only: a dead port
 * does not cost minutes, and an emulator whose reader pauses does not lose all of the text.
 */
#define SPIN_MAX   (1u << 20)
#define SPIN_STUCK (1u << 12)

static u8 port_read(const struct uart *u, u32 reg)
{
	return inb((u16)(u->place.base + (u64)reg * u->place.stride));
}

static void port_write(const struct uart *u, u32 reg, u8 value)
{
	outb((u16)(u->place.base + (u64)reg * u->place.stride), value);
}

static u8 mmio_read8(const struct uart *u, u32 reg)
{
	return u->regs[(size_t)reg * u->place.stride];
}

static void mmio_write8(const struct uart *u, u32 reg, u8 value)
{
	u->regs[(size_t)reg * u->place.stride] = value;
}

static u8 mmio_read32(const struct uart *u, u32 reg)
{
	return (u8) * (volatile u32 *)(u->regs + (size_t)reg * u->place.stride);
}

static void mmio_write32(const struct uart *u, u32 reg, u8 value)
{
	*(volatile u32 *)(u->regs + (size_t)reg * u->place.stride) = value;
}

const char *uart_place_check(const struct uart_place *place, u32 phys_bits)
{
	u64 last;

	if (place->stride == 0 || place->stride > 16 || place->stride & (place->stride - 1))
		return "its registers are not 1, 2, 4, 8 or 16 bytes apart";
	if (place->width != 8 && !(place->mmio && place->width == 32))
		return "its access width is neither 8 bits nor, in memory, 32";
	if (place->stride < place->width / 8 || place->base % (place->width / 8))
		return "its registers are not aligned to their width";
	if (place->base == 0)
		return "it is at address 0";
	if (__builtin_add_overflow(place->base, (u64)place->stride * UART_REGS - 1, &last) ||
	    (place->mmio ? phys_bits < 64 && last >> phys_bits : last > 0xffff))
		return "its last register is beyond the last address";
	return NULL;
}

bool uart_same(const struct uart_place *a, const struct uart_place *b)
{
	return a->mmio == b->mmio && a->base == b->base;
}

static bool wait_for(struct uart *u, u8 bit)
{
	u32 most = u->stuck ? SPIN_STUCK : SPIN_MAX;

	for (u32 spins = 0; !(u->read(u, REG_LSR) & bit); spins++) {
		if (spins == most) {
			u->stuck = true;
			return false;
		}
	}
	u->stuck = false;
	return true;
}

/* Reads LSR in between, as a bus without a device may return the last value on it. */
static bool scratch_holds(struct uart *u, u8 value)
{
	u->write(u, REG_SCRATCH, value);
	return u->read(u, REG_LSR) != LSR_NONE && u->read(u, REG_SCRATCH) == value;
}

static void set_divisor(struct uart *u, u16 divisor)
{
	u->write(u, REG_LCR, LCR_8N1 | LCR_DLAB);
	u->write(u, REG_DLL, (u8)divisor);
	u->write(u, REG_DLM, (u8)(divisor >> 8));
	u->write(u, REG_LCR, LCR_8N1);
}

void uart_set_baud(struct uart *u, u32 baud)
{
	u32 divisor = u->firmware_divisor;

	if (u->place.mmio)
		return;
	if (baud && PC_CLOCK % baud == 0)
		divisor = PC_CLOCK / baud;
	wait_for(u, LSR_TEMT);
	if (divisor && divisor <= 0xffff)
		set_divisor(u, (u16)divisor);
	u->place.baud = baud;
}

bool uart_probe(struct uart *u)
{
	if (!scratch_holds(u, 0x5a) || !scratch_holds(u, 0xa5))
		return false;
	u->stuck = false;
	wait_for(u, LSR_TEMT); /* the FIFO's reset would lose the firmware's last output */
	u->write(u, REG_LCR, LCR_8N1 | LCR_DLAB);
	u->firmware_divisor = (u16)(u->read(u, REG_DLL) | u->read(u, REG_DLM) << 8);
	u->write(u, REG_LCR, LCR_8N1);
	u->write(u, REG_IER, 0);
	uart_set_baud(u, u->place.baud);
	u->write(u, REG_FCR, FCR_EMPTY);
	u->write(u, REG_MCR, MCR_ON);
	return true;
}

bool uart_start(struct uart *u, const struct uart_place *place, volatile void *regs)
{
	u->place = *place;
	u->regs = regs;
	u->read = !place->mmio ? port_read : place->width == 32 ? mmio_read32 : mmio_read8;
	u->write = !place->mmio ? port_write : place->width == 32 ? mmio_write32 : mmio_write8;
	return uart_probe(u);
}

bool uart_put(struct uart *u, u8 byte)
{
	if (!wait_for(u, LSR_THRE))
		return false;
	u->write(u, REG_DATA, byte);
	return true;
}

int uart_get(struct uart *u)
{
	u8 status = u->read(u, REG_LSR), byte;

	if (!(status & LSR_DR))
		return -1;
	byte = u->read(u, REG_DATA);
	return status & (LSR_FE | LSR_BI) ? -1 : byte; /* LSR_NONE has these bits too */
}

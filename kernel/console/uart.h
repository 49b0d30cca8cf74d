/* SPDX-License-Identifier: MIT */
/*
 * A serial port of the 16550 kind, behind I/O ports or in memory, polled: no interrupts. What it
 * does with registers goes through two functions, so that the host tests it on a model.
 */
#ifndef KEYWARD_KERNEL_CONSOLE_UART_H
#define KEYWARD_KERNEL_CONSOLE_UART_H

#include "kernel/lib/types.h"

#define UART_REGS 8

/* Where a port is and how it is spoken to. */
struct uart_place {
	bool mmio;  /* in memory; else I/O ports */
	u64 base;   /* physical address, or number, of the first register */
	u32 stride; /* bytes from a register to the next: 1, 2, 4, 8, 16 */
	u32 width;  /* bits of an access: 8, or in memory 32 */
	u32 baud;   /* 0: as the firmware has set it */
};

struct uart {
	struct uart_place place;
	u8 (*read)(const struct uart *u, u32 reg);
	void (*write)(const struct uart *u, u32 reg, u8 value);
	volatile u8 *regs;    /* where place.base is mapped */
	u16 firmware_divisor; /* what was set when we came; 0: nothing sensible */
	bool stuck; /* the transmitter took nothing for long: it is waited for shortly now */
};

/* NULL, or what is wrong with a place as one line. `phys_bits` is MAXPHYADDR. Pure. */
const char *uart_place_check(const struct uart_place *place, u32 phys_bits);

/* Whether two places are the same port. */
bool uart_same(const struct uart_place *a, const struct uart_place *b);

/*
 * Finds out whether there is a port at `place`, a checked one, and sets it to 8N1 with empty FIFOs;
 * `regs` is where place->base is mapped, NULL for I/O ports. False: there is none. Boot only.
 */
bool uart_start(struct uart *u, const struct uart_place *place, volatile void *regs);

/* The same with the place and the functions for the registers in *u already. */
bool uart_probe(struct uart *u);

/*
 * Sets the speed; 0: what the firmware had. In memory it stays the firmware's always: nothing says
 * what clock the divisor divides. The caller keeps others away, as with the two below.
 */
void uart_set_baud(struct uart *u, u32 baud);

/*
 * Sends a byte when the port is ready, which it waits for with a limit; false: it was not. Any
 * context.
 */
bool uart_put(struct uart *u, u8 byte);

/* The next byte that has been received, or -1. Does not wait. Any context. */
int uart_get(struct uart *u);

#endif

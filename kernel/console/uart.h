/* SPDX-License-Identifier: MIT */
/*
 * A 16550-compatible serial port, behind I/O ports or in memory. Polled. Two functions access its
 * registers, so that the host tests it on a model.
 */
#ifndef KEYWARD_KERNEL_CONSOLE_UART_H
#define KEYWARD_KERNEL_CONSOLE_UART_H

#include "kernel/lib/types.h"

#define UART_REGS 8

/* Where a port is and how to access it. */
struct uart_place {
	bool mmio;  /* in memory; else I/O ports */
	u64 base;   /* physical address, or number, of the first register */
	u32 stride; /* bytes from one register to the next: 1, 2, 4, 8, 16 */
	u32 width;  /* bits of an access: 8, or in memory 32 */
	u32 baud;   /* 0: as the firmware has set it */
};

struct uart {
	struct uart_place place;
	u8 (*read)(const struct uart *u, u32 reg);
	void (*write)(const struct uart *u, u32 reg, u8 value);
	volatile u8 *regs;    /* where place.base is mapped */
	u16 firmware_divisor; /* the firmware's; 0: nothing sensible */
	bool stuck;           /* the transmitter timed out: waits are short now */
};

/* Returns NULL, or in one line what is wrong with a place. `phys_bits` is MAXPHYADDR. Pure. */
const char *uart_place_check(const struct uart_place *place, u32 phys_bits);

/* True if both places are the same port. */
bool uart_same(const struct uart_place *a, const struct uart_place *b);

/*
 * Probes for a port at `place`, which must be checked, and sets it to 8N1 with empty FIFOs; `regs`
 * is where place->base is mapped, NULL for I/O ports. False: no port. Boot only.
 */
bool uart_start(struct uart *u, const struct uart_place *place, volatile void *regs);

/* The same, with the place and the register functions already in *u. */
bool uart_probe(struct uart *u);

/*
 * Sets the speed; 0: the firmware's. A port in memory always keeps the firmware's: the clock behind
 * the divisor is unknown. The caller serialises this and the two functions below.
 */
void uart_set_baud(struct uart *u, u32 baud);

/*
 * Waits until the port is ready, with a timeout, and sends a byte. False: it timed out. Any
 * context.
 */
bool uart_put(struct uart *u, u8 byte);

/* Returns the next received byte, or -1. Never waits. Any context. */
int uart_get(struct uart *u);

#endif

// SPDX-License-Identifier: MIT
#include "boot/serial.h"
#include "boot/acpi_map.h"
#include "kernel/console/console.h"
#include "kernel/cpu/cpuid.h"
#include "mm/vmap.h"

static bool in_memory(const struct uart_place *place)
{
	return place->mmio && !registers_can_be(place->base, (u64)place->stride * UART_REGS);
}

void serial_start(const struct uart_place *place)
{
	const char *wrong = uart_place_check(place, cpu_phys_bits());
	volatile void *regs = NULL;

	if (!wrong && in_memory(place))
		wrong = "it is in RAM or persistent memory";
	if (!wrong && place->mmio)
		regs = vmap_mmio(place->base, (u64)place->stride * UART_REGS);
	if (!wrong && !console_set_uart(place, regs))
		wrong = "no UART answers";
	pr("# serial: %s at %p, registers of %u bits %u bytes apart%s%s\n",
	   place->mmio ? "memory" : "port", (void *)place->base, place->width, place->stride,
	   wrong ? "; not used: " : "", wrong ? wrong : "");
}

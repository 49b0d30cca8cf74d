// SPDX-License-Identifier: MIT
/*
 * Ends the machine. Tries each way in turn; on a machine that has none of them the CPU halts. The
 * verdict is on the console by then and never depends on this.
 */
#include "kernel/machine.h"
#include "boot/acpi/acpi_registers.h"
#include "kernel/console/console.h"
#include "kernel/cpu/insn.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/options.h"

#define QEMU_DEBUG_EXIT 0xf4   /* -device isa-debug-exit,iobase=0xf4 */
#define BOCHS_SHUTDOWN  0x8900 /* takes the word "Shutdown", byte by byte */
#define PORT_E9         0xe9   /* reads as 0xe9 with Bochs' port_e9_hack */
#define KBC_COMMAND     0x64
#define KBC_RESET       0xfe
#define RESET_CONTROL   0xcf9 /* PCI chipsets: bit 1 full reset, bit 2 do it */

/* Ends an emulator through its exit device, a real machine through ACPI. */
static void power_off(enum machine_status status)
{
	outb(QEMU_DEBUG_EXIT, (u8)status);
	if (inb(PORT_E9) == PORT_E9) /* Bochs; elsewhere BOCHS_SHUTDOWN may be a device's port */
		for (const char *c = "Shutdown"; *c; c++)
			outb(BOCHS_SHUTDOWN, (u8)*c);
	/* Stay on after a panic: its report may be on the screen only. */
	if (status != MACHINE_PANIC)
		acpi_power_off();
}

static void reboot(void)
{
	acpi_reset();
	outb(RESET_CONTROL, 0x02);
	outb(RESET_CONTROL, 0x06);
	if (!acpi.fadt.no_8042)
		outb(KBC_COMMAND, KBC_RESET);
}

static bool again; /* any thread sets it; read once, when the machine ends */

void machine_boot_again(void)
{
	WRITE_ONCE(again, true);
}

void machine_end(enum machine_status status)
{
	bool first_of_two = READ_ONCE(again) && status != MACHINE_PANIC;

	if (first_of_two)
		pr("# reboot: 1 of 2\n"); /* tools/lib/reboots.py waits for the second */
	irq_disable();
	ipi_stop_others();
	if (first_of_two || options.exit == EXIT_REBOOT)
		reboot();
	else if (options.exit != EXIT_HALT)
		power_off(status);                            /* exit=monitor: there was a panic */
	if (status != MACHINE_PANIC && !console_has_serial()) /* nobody but the one at the screen */
		pr("# halted: you may switch the machine off\n");
	for (;;)
		asm volatile("hlt");
}

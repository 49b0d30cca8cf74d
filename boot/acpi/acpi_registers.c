// SPDX-License-Identifier: MIT
#include "boot/acpi/acpi_registers.h"
#include "kernel/cpu/insn.h"

/* PM1 control (ACPI Specification, "PM1 Control Registers"). */
#define PM1_SCI_EN   BIT(0) /* ACPI mode: the kernel owns the registers, not the firmware */
#define PM1_SLP_TYP  (7 << 10)
#define PM1_SLP_EN   BIT(13)
/* The same for hardware-reduced ACPI ("Sleep Control Register"). */
#define SLEEP_TYP(t) ((u32)(t) << 2)
#define SLEEP_EN     BIT(5)

#define ENABLE_SPINS 1000000   /* reads of a port, about a microsecond each */
#define TAKES_TICKS  100000000 /* TSC ticks to wait for a reset or a power-off */

struct acpi_info acpi;

static volatile void *mapped[ACPI_REGISTERS]; /* written at boot */

struct acpi_reg *acpi_register(enum acpi_register which)
{
	struct acpi_reg *const registers[ACPI_REGISTERS] = {
		[ACPI_PM1A_CONTROL] = &acpi.fadt.pm1_control[0],
		[ACPI_PM1B_CONTROL] = &acpi.fadt.pm1_control[1],
		[ACPI_SLEEP_CONTROL] = &acpi.fadt.sleep_control,
		[ACPI_RESET] = &acpi.fadt.reset,
		[ACPI_PM_TIMER] = &acpi.fadt.timer,
		[ACPI_HPET] = &acpi.hpet,
	};

	return registers[which];
}

const char *acpi_register_name(enum acpi_register which)
{
	static const char *const names[ACPI_REGISTERS] = {
		[ACPI_PM1A_CONTROL] = "PM1a control",   [ACPI_PM1B_CONTROL] = "PM1b control",
		[ACPI_SLEEP_CONTROL] = "sleep control", [ACPI_RESET] = "reset register",
		[ACPI_PM_TIMER] = "PM timer",           [ACPI_HPET] = "HPET",
	};

	return names[which];
}

void acpi_register_map(enum acpi_register which, volatile void *va)
{
	mapped[which] = va;
}

bool acpi_has(enum acpi_register which)
{
	const struct acpi_reg *reg = acpi_register(which);

	return reg->addr && (reg->space == ACPI_IO || mapped[which]);
}

u32 acpi_read(enum acpi_register which, u32 offset, u32 bytes)
{
	const struct acpi_reg *reg = acpi_register(which);
	u16 port = (u16)(reg->addr + offset);
	volatile u8 *va = (volatile u8 *)mapped[which] + offset;

	if (reg->space == ACPI_IO)
		return bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
	return bytes == 1 ? *va : bytes == 2 ? *(volatile u16 *)va : *(volatile u32 *)va;
}

void acpi_write(enum acpi_register which, u32 offset, u32 bytes, u32 value)
{
	const struct acpi_reg *reg = acpi_register(which);
	u16 port = (u16)(reg->addr + offset);
	volatile u8 *va = (volatile u8 *)mapped[which] + offset;

	if (reg->space == ACPI_IO && bytes == 1)
		outb(port, (u8)value);
	else if (reg->space == ACPI_IO && bytes == 2)
		outw(port, (u16)value);
	else if (reg->space == ACPI_IO)
		outl(port, value);
	else if (bytes == 1)
		*va = (u8)value;
	else if (bytes == 2)
		*(volatile u16 *)va = (u16)value;
	else
		*(volatile u32 *)va = value;
}

/* Takes the registers over from the firmware, which answers in its own time, or never. */
static void enable_acpi_mode(void)
{
	if (acpi_read(ACPI_PM1A_CONTROL, 0, 2) & PM1_SCI_EN || !acpi.fadt.smi_cmd ||
	    !acpi.fadt.acpi_enable)
		return;
	outb(acpi.fadt.smi_cmd, acpi.fadt.acpi_enable);
	for (u32 spins = 0; spins < ENABLE_SPINS; spins++)
		if (acpi_read(ACPI_PM1A_CONTROL, 0, 2) & PM1_SCI_EN)
			return;
}

/* Called without SLP_EN first, then with it: some chipsets need two writes. */
static void write_pm1(u32 enable)
{
	for (u32 i = 0; i < 2; i++) {
		enum acpi_register which = i ? ACPI_PM1B_CONTROL : ACPI_PM1A_CONTROL;
		u32 value;

		if (!acpi_has(which))
			continue;
		value = acpi_read(which, 0, 2) & ~(u32)(PM1_SLP_TYP | PM1_SLP_EN);
		acpi_write(which, 0, 2, value | (u32)acpi.fadt.slp_typ[i] << 10 | enable);
	}
}

static void wait_for_the_end(void)
{
	for (u64 start = rdtsc(); rdtsc() - start < TAKES_TICKS;)
		cpu_relax();
}

/* Skips the method \_PTS, which should run first but is AML: devices are not prepared. */
void acpi_power_off(void)
{
	static bool tried;

	if (tried || !acpi.fadt.s5)
		return;
	tried = true;
	if (acpi_has(ACPI_SLEEP_CONTROL)) {
		acpi_write(ACPI_SLEEP_CONTROL, 0, 1, SLEEP_TYP(acpi.fadt.slp_typ[0]) | SLEEP_EN);
	} else if (acpi_has(ACPI_PM1A_CONTROL)) {
		enable_acpi_mode();
		write_pm1(0);
		write_pm1(PM1_SLP_EN);
	} else {
		return;
	}
	wait_for_the_end();
}

void acpi_reset(void)
{
	static bool tried;

	if (tried || !acpi_has(ACPI_RESET))
		return;
	tried = true;
	acpi_write(ACPI_RESET, 0, 1, acpi.fadt.reset_value);
	wait_for_the_end();
}

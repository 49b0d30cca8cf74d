// SPDX-License-Identifier: MIT
/* ACPI Specification, "Fixed ACPI Description Table (FADT)". */
#include "boot/acpi/acpi_internal.h"

/* Offsets of the fields used. */
enum {
	DSDT = 40,
	SMI_CMD = 48,
	ACPI_ENABLE = 52,
	PM1A_CNT_BLK = 64,
	PM1B_CNT_BLK = 68,
	PM_TMR_BLK = 76,
	PM1_CNT_LEN = 89,
	PM_TMR_LEN = 91,
	IAPC_BOOT_ARCH = 109, /* from here on, except FLAGS: not in ACPI 1.0 */
	FLAGS = 112,
	RESET_REG = 116,
	RESET_VALUE = 128,
	X_DSDT = 140,
	X_PM1A_CNT_BLK = 172,
	X_PM1B_CNT_BLK = 184,
	X_PM_TMR_BLK = 208,
	SLEEP_CONTROL_REG = 244,
};

#define BOOT_8042      BIT(1)
#define BOOT_NO_VGA    BIT(2)
#define FLAG_TMR_32    BIT(8)
#define FLAG_RESET     BIT(10)
#define FLAG_HWREDUCED BIT(20)
#define FADT_LEN_1     116 /* of ACPI 1.0, the shortest there is */

/* A register with an old field, an I/O port, and a new one, which takes precedence if set. */
static struct acpi_reg either(const struct acpi_parser *p, const struct acpi_view *table, u32 old,
			      u8 old_len, u32 new, const char *what)
{
	struct acpi_reg reg = acpi_gas(p, table, new, what);
	u32 port = acpi_u32(table, old);

	if (reg.addr || !port || !old_len)
		return reg;
	if (port > 0xffff) {
		acpi_complain(p, "%s: there is no port 0x%x; ignoring it", what, port);
		return reg;
	}
	return (struct acpi_reg){ .addr = port, .space = ACPI_IO, .bits = (u8)(old_len * 8) };
}

static void take_pm1(const struct acpi_parser *p, const struct acpi_view *table)
{
	struct acpi_fadt *fadt = &p->out->fadt;
	u8 len = acpi_u8(table, PM1_CNT_LEN) >= 2 ? 2 : 0; /* SLP_EN is in the second byte */
	u32 smi_cmd = acpi_u32(table, SMI_CMD);

	fadt->pm1_control[0] =
		either(p, table, PM1A_CNT_BLK, len, X_PM1A_CNT_BLK, "FADT: PM1a control");
	fadt->pm1_control[1] =
		either(p, table, PM1B_CNT_BLK, len, X_PM1B_CNT_BLK, "FADT: PM1b control");
	if (smi_cmd > 0xffff)
		acpi_complain(p, "FADT: SMI_CMD: there is no port 0x%x; ignoring it", smi_cmd);
	else
		fadt->smi_cmd = (u16)smi_cmd;
	fadt->acpi_enable = acpi_u8(table, ACPI_ENABLE);
}

static void take_timer(const struct acpi_parser *p, const struct acpi_view *table, u32 flags)
{
	/* With any other length there is no timer, whatever the blocks say. */
	if (acpi_u8(table, PM_TMR_LEN) != 4)
		return;
	p->out->fadt.timer = either(p, table, PM_TMR_BLK, 4, X_PM_TMR_BLK, "FADT: PM timer");
	p->out->fadt.timer_32bit = flags & FLAG_TMR_32;
}

static void take_dsdt(const struct acpi_parser *p, const struct acpi_view *table)
{
	struct acpi_fadt *fadt = &p->out->fadt;
	struct acpi_view dsdt;

	fadt->dsdt = acpi_u64(table, X_DSDT);
	if (!fadt->dsdt)
		fadt->dsdt = acpi_u32(table, DSDT);
	/* An earlier SSDT may have one too; the DSDT's takes precedence. */
	if (fadt->dsdt && acpi_table(p, fadt->dsdt, "DSDT", &dsdt))
		fadt->s5 |= acpi_find_s5(&dsdt, fadt->slp_typ);
}

/* Takes the fields that ACPI 2.0 added. In older tables these bytes are reserved, not always 0. */
static void take_newer(const struct acpi_parser *p, const struct acpi_view *table, u32 flags)
{
	struct acpi_fadt *fadt = &p->out->fadt;
	u16 boot = acpi_u16(table, IAPC_BOOT_ARCH);

	fadt->no_8042 = !(boot & BOOT_8042);
	fadt->no_vga = boot & BOOT_NO_VGA;
	if (flags & FLAG_RESET) {
		fadt->reset = acpi_gas(p, table, RESET_REG, "FADT: reset register");
		fadt->reset_value = acpi_u8(table, RESET_VALUE);
	}
	fadt->hw_reduced = flags & FLAG_HWREDUCED;
	if (fadt->hw_reduced)
		fadt->sleep_control =
			acpi_gas(p, table, SLEEP_CONTROL_REG, "FADT: sleep control register");
}

void acpi_fadt(const struct acpi_parser *p, const struct acpi_view *table)
{
	struct acpi_fadt *fadt = &p->out->fadt;
	struct acpi_view view = *table;
	u32 flags = acpi_u32(table, FLAGS);

	if (table->len < FADT_LEN_1) {
		acpi_complain(p, "FADT: too short; ignoring it");
		return;
	}
	fadt->present = true;
	if (acpi_u8(table, 8) >= 2)
		take_newer(p, table, flags);
	else
		view.len = FADT_LEN_1;
	if (!fadt->hw_reduced) {
		take_pm1(p, &view);
		take_timer(p, &view, flags);
	}
	take_dsdt(p, &view);
}

void acpi_ssdt(const struct acpi_parser *p, const struct acpi_view *table)
{
	struct acpi_fadt *fadt = &p->out->fadt;

	if (!fadt->s5)
		fadt->s5 = acpi_find_s5(table, fadt->slp_typ);
}

// SPDX-License-Identifier: MIT
#include "kernel/apic_lines.h"

#define REG_VERSION   0x030
#define REG_LVT_CMCI  0x2f0
#define REG_LVT_TIMER 0x320
#define REG_LVT_HEAT  0x330
#define REG_LVT_PERF  0x340
#define REG_LVT_LINT0 0x350
#define REG_LVT_LINT1 0x360
#define REG_LVT_ERROR 0x370

#define VERSION_MAX(version) ((version) >> 16 & 0xff) /* the number of entries, less 1 */

#define MODE_MASK  (7 << 8) /* the delivery mode, in both kinds of table */
#define MODE_SMI   (2 << 8)
#define MODE_NMI   (4 << 8)
#define ACTIVE_LOW (1 << 13)
#define MASKED     (1 << 16)

#define IO_VERSION 1
#define IO_LINE(n) (0x10 + 2 * (n)) /* the lower half, with the mask */

static bool has_uid(const struct acpi_madt *madt, u32 apic_id, u32 uid)
{
	if (uid == ACPI_UID_ALL)
		return true;
	for (u32 i = 0; i < madt->cpu_count; i++)
		if (madt->cpus[i].apic_id == apic_id)
			return madt->cpus[i].uid == uid;
	return false;
}

struct apic_pins apic_pins_of(const struct acpi_madt *madt, u32 apic_id)
{
	struct apic_pins pins = { { MASKED, MASKED } };

	for (u32 i = 0; i < madt->nmi_count; i++) {
		const struct acpi_nmi_pin *nmi = &madt->nmis[i];

		if (has_uid(madt, apic_id, nmi->uid))
			pins.lint[nmi->lint] = MODE_NMI | (nmi->active_low ? ACTIVE_LOW : 0);
	}
	return pins;
}

static void mask(const struct apic_access *apic, u32 reg)
{
	u32 line = apic->read(reg);

	if ((line & MODE_MASK) != MODE_SMI)
		apic->write(reg, line | MASKED);
}

void apic_lines_start(const struct apic_access *lapic, struct apic_pins pins)
{
	/* An entry exists if the highest one's number is at least this. */
	static const struct {
		u32 reg, from;
	} entries[] = {
		{ REG_LVT_TIMER, 0 }, { REG_LVT_ERROR, 3 }, { REG_LVT_PERF, 4 },
		{ REG_LVT_HEAT, 5 },  { REG_LVT_CMCI, 6 },
	};
	u32 max = VERSION_MAX(lapic->read(REG_VERSION));

	for (u32 i = 0; i < ARRAY_SIZE(entries); i++)
		if (max >= entries[i].from)
			mask(lapic, entries[i].reg);
	lapic->write(REG_LVT_LINT0, pins.lint[0]);
	lapic->write(REG_LVT_LINT1, pins.lint[1]);
}

bool io_apic_mask(const struct apic_access *io)
{
	u32 version = io->read(IO_VERSION);

	if (version == ~0u)
		return false;
	for (u32 n = 0; n <= VERSION_MAX(version); n++)
		mask(io, IO_LINE(n));
	return true;
}

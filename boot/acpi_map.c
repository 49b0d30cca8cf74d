// SPDX-License-Identifier: MIT
#include "boot/acpi_map.h"
#include "boot/acpi/acpi_registers.h"
#include "kernel/apic_lines.h"
#include "kernel/console/console.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/x86.h"
#include "kernel/lib/options.h"
#include "kernel/lib/printf.h"
#include "mm/init.h"
#include "mm/page.h"
#include "mm/pgtable.h"
#include "mm/vmap.h"

/* Where a BIOS puts the RSDP (ACPI Specification, "Finding the RSDP on IA-PC Systems"). */
#define EBDA_SEGMENT 0x40e /* u16, times 16: the extended BIOS data area */
#define EBDA_MIN     0x1000
#define EBDA_SEARCH  0x400
#define BIOS_START   0xe0000
#define BIOS_END     0x100000

#define HPET_LEN 0x400
#define REG_LEN  8

#define IO_APIC_LEN 0x20

/*
 * Maps tables that lie outside the direct map, read-only and one behind the other, until the parse
 * is over.
 */
#define WINDOW_LEN (64ULL << 20)

struct window {
	u64 va, used;
	u64 last_phys, last_len; /* the last mapping, at last_va: the next table often lies in it */
	u64 last_va;
};

static const struct boot_info *boot_info; /* set by acpi_init() */

/* Returns the first address beyond the CPU's physical address space. */
static u64 physical_end(void)
{
	return 1ULL << cpu_phys_bits();
}

/*
 * Returns where `len` bytes at `phys` can be read, or NULL. The caller must not write there: the
 * address is untrusted, and may be any RAM, even the kernel's own.
 */
static const void *map(u64 phys, u64 len, void *arg)
{
	struct window *w = arg;
	u64 start = ALIGN_DOWN(phys, PAGE_SIZE), end, size;

	if (__builtin_add_overflow(phys, len, &end) || end > physical_end())
		return NULL;
	if (ranges_contain(&ram, phys, end))
		return phys_to_virt(phys);
	size = ALIGN_UP(end, PAGE_SIZE) - start;
	if (start < w->last_phys || start + size > w->last_phys + w->last_len) {
		if (size > WINDOW_LEN - w->used)
			return NULL;
		w->last_phys = start;
		w->last_len = size;
		w->last_va = w->va + w->used;
		w->used += size;
		if (pgtable_map(kernel_root, w->last_va, start, size, PTE_RO_DATA | PTE_G, 1)) {
			w->last_len = 0;
			return NULL;
		}
	}
	return (const void *)(w->last_va + (phys - w->last_phys));
}

static void complain(const char *message, void *arg)
{
	(void)arg;
	pr("# ACPI: %s\n", message);
}

/* Returns the RSDP that a BIOS left, or NULL; *len is how many bytes can be read there. */
static const void *search_rsdp(struct window *w, size_t *len)
{
	const u16 *segment = map(EBDA_SEGMENT, sizeof(*segment), w);
	u64 ebda = segment ? (u64)*segment << 4 : 0;
	const struct {
		u64 start, len;
	} areas[] = { { ebda, EBDA_SEARCH }, { BIOS_START, BIOS_END - BIOS_START } };

	for (u32 i = 0; i < ARRAY_SIZE(areas); i++) {
		const u8 *area, *rsdp = NULL;

		if (areas[i].start < EBDA_MIN)
			continue;
		area = map(areas[i].start, areas[i].len, w);
		if (area)
			rsdp = acpi_find_rsdp(area, areas[i].len);
		if (!rsdp)
			continue;
		*len = MIN(areas[i].len - (u64)(rsdp - area), BOOT_RSDP_MAX);
		pr("# ACPI: no RSDP from the boot loader; there is one at 0x%lx\n",
		   areas[i].start + (u64)(rsdp - area));
		return rsdp;
	}
	pr("# ACPI: no RSDP from the boot loader\n");
	return NULL;
}

static bool nfit_names(u64 start, u64 end)
{
	for (u32 i = 0; i < acpi.pmem_count; i++)
		if (start < acpi.pmem[i].base + acpi.pmem[i].len && acpi.pmem[i].base < end)
			return true;
	return false;
}

/*
 * Where only the NFIT has memory, one of the two tables is wrong, and neither is used: pmem_init()
 * finds the registers in device_ranges.
 */
bool registers_can_be(u64 phys, u64 len)
{
	const struct pmem_limits limits = mm_pmem_limits(boot_info);

	if (phys > physical_end() - len || ranges_touch(&ram, phys, phys + len) ||
	    pmem_touches(&limits, options.pmem, phys, phys + len))
		return false;
	device_add(phys, len);
	return !nfit_names(phys, phys + len);
}

/* Ignores a register where none can be. */
static void map_registers(void)
{
	for (enum acpi_register i = 0; i < ACPI_REGISTERS; i++) {
		struct acpi_reg *reg = acpi_register(i);
		u64 len = i == ACPI_HPET ? HPET_LEN : REG_LEN;

		if (!reg->addr || reg->space != ACPI_MEMORY)
			continue;
		if (!registers_can_be(reg->addr, len)) {
			pr("# ACPI: the %s cannot be at 0x%lx; ignoring it\n",
			   acpi_register_name(i), reg->addr);
			*reg = (struct acpi_reg){ 0 };
		} else {
			acpi_register_map(i, vmap_mmio(reg->addr, len));
		}
	}
}

static volatile u32 *io_apic; /* the one being masked; boot only */

static u32 io_apic_read(u32 reg)
{
	io_apic[0] = reg;
	return io_apic[4];
}

static void io_apic_write(u32 reg, u32 value)
{
	io_apic[0] = reg;
	io_apic[4] = value;
}

/* Masks the lines of devices, which no driver serves and firmware may have left open. */
static void mask_io_apics(void)
{
	static const struct apic_access access = { io_apic_read, io_apic_write };

	for (u32 i = 0; i < acpi.madt.io_apic_count; i++) {
		u64 phys = acpi.madt.io_apics[i];

		if (!registers_can_be(phys, IO_APIC_LEN)) {
			pr("# ACPI: the I/O APIC cannot be at 0x%lx; ignoring it\n", phys);
			continue;
		}
		io_apic = vmap_mmio(phys, IO_APIC_LEN);
		if (!io_apic_mask(&access))
			pr("# ACPI: there is no I/O APIC at 0x%lx\n", phys);
	}
}

static void print_tables(void)
{
	char text[8 + 5 * ACPI_TABLES_MAX] = "";
	size_t at = 0;

	for (u32 i = 0; i < acpi.table_count; i++)
		at += (size_t)ksnprintf(text + at, sizeof(text) - at, " %s",
					acpi.tables[i].signature);
	pr("# ACPI:%s\n", at ? text : " the list of tables is empty");
}

static void print_summary(void)
{
	pr("# ACPI: %u CPUs, soft-off %s, reset register %s, PM timer %s, HPET %s, "
	   "serial port %s, %u ranges of persistent memory\n",
	   acpi.madt.cpu_count, acpi.fadt.s5 ? "known" : "unknown",
	   acpi_has(ACPI_RESET) ? "yes" : "no", acpi_has(ACPI_PM_TIMER) ? "yes" : "no",
	   acpi_has(ACPI_HPET) ? "yes" : "no", acpi.spcr.present ? "yes" : "no", acpi.pmem_count);
}

void acpi_init(const struct boot_info *info)
{
	struct window window = { .va = vmap_reserve(WINDOW_LEN) };
	const struct acpi_source source = { map, complain, &window };
	size_t len = info->rsdp_len;
	const void *rsdp = len ? info->rsdp : search_rsdp(&window, &len);

	boot_info = info;
	if (rsdp && acpi_parse(rsdp, len, &source, &acpi) == 0) {
		print_tables();
		registers_can_be(acpi.madt.lapic, PAGE_SIZE); /* in x2APIC mode nobody maps it */
		map_registers();
		mask_io_apics();
		print_summary();
	}
	pgtable_unmap(kernel_root, window.va, window.used);
}

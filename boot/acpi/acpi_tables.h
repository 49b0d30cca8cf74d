/* SPDX-License-Identifier: MIT */
/*
 * Parses the ACPI tables (ACPI Specification, "ACPI Software Programming Model"), untrusted input.
 * Copies the few facts that the kernel uses and interprets no AML. Pure.
 */
#ifndef KEYWARD_BOOT_ACPI_ACPI_TABLES_H
#define KEYWARD_BOOT_ACPI_ACPI_TABLES_H

#include "kernel/lib/types.h"

#define ACPI_TABLES_MAX    64  /* listed; tables in use may also stand behind them */
#define ACPI_ENTRIES_MAX   256 /* of the list of tables; the rest is not looked at */
#define ACPI_CPUS_MAX      512
#define ACPI_IO_APICS_MAX  64
#define ACPI_PMEM_MAX      32
#define ACPI_TABLE_LEN_MAX (4u << 20) /* bytes; a longer table is rejected */
#define ACPI_MESSAGE_MAX   160

/* Address space of a register (ACPI Specification, "Generic Address Structure"). */
enum acpi_space { ACPI_MEMORY = 0, ACPI_IO = 1 };

struct acpi_reg {
	u64 addr;  /* physical address or I/O port; 0: no register */
	u8 space;  /* enum acpi_space, no other value */
	u8 bits;   /* the register's width in the table; 0: unspecified */
	u8 access; /* bytes per access: 1, 2, 4 or 8; 0: unspecified */
};

struct acpi_table {
	char signature[5]; /* printable */
	u8 revision;
	u32 len;
	u64 phys;
};

struct acpi_cpu {
	u32 apic_id; /* unique, never 255 from a local APIC entry, never 0xffffffff */
	u32 uid;
	bool enabled; /* false: can be brought online later, and may not answer now */
};

/* MADT, "Local APIC NMI Structure" and "Local x2APIC NMI Structure". */
struct acpi_nmi_pin {
	u32 uid;         /* of the CPU; ACPI_UID_ALL: of every one */
	u8 lint;         /* the pin that NMIs come by: 0 or 1 */
	bool active_low; /* else active high */
};
#define ACPI_UID_ALL  (~0u)
#define ACPI_NMIS_MAX ACPI_CPUS_MAX /* all CPUs at once, or each by itself */

/* MADT: "Multiple APIC Description Table". */
struct acpi_madt {
	bool present;
	bool pcat_compat; /* there are two 8259As too, to be masked */
	u64 lapic;        /* physical address of the local APICs' registers; 0: unspecified */
	u32 cpu_count;
	struct acpi_cpu cpus[ACPI_CPUS_MAX]; /* in the table's order */
	u32 cpus_disabled;                   /* left out: cannot be used at all */
	u32 cpus_duplicate;                  /* left out: repeat an earlier APIC ID */
	u32 cpus_dropped;                    /* left out: more than ACPI_CPUS_MAX */
	u32 io_apic_count, io_apics_dropped;
	u64 io_apics[ACPI_IO_APICS_MAX]; /* physical addresses of their registers */
	u32 nmi_count, nmis_dropped;
	struct acpi_nmi_pin nmis[ACPI_NMIS_MAX];
};

/* FADT: "Fixed ACPI Description Table". */
struct acpi_fadt {
	bool present;
	bool hw_reduced;                /* no PM1 registers: sleep_control instead */
	bool no_8042, no_vga;           /* as its IA-PC boot flags say; false if it has none */
	bool timer_32bit;               /* the PM timer wraps at 32 bits, not at 24 */
	bool s5;                        /* slp_typ is valid: it enters soft-off */
	u8 slp_typ[2];                  /* SLP_TYPa and SLP_TYPb, 3 bits each */
	struct acpi_reg pm1_control[2]; /* PM1a and PM1b, 16 bits each */
	struct acpi_reg timer;          /* the PM timer, 3579545 Hz */
	struct acpi_reg reset;          /* reset_value written there resets the machine */
	struct acpi_reg sleep_control;  /* 8 bits, only if hw_reduced */
	u8 reset_value;
	u16 smi_cmd; /* I/O port; 0: ACPI mode needs no enabling */
	u8 acpi_enable;
	u64 dsdt; /* physical address; 0: none */
};

/* SPCR interface types that are 16550-compatible UARTs. */
#define ACPI_UART_16550     0
#define ACPI_UART_16450     1
#define ACPI_UART_16550_GAS 0x12

/* SPCR: "Serial Port Console Redirection Table". */
struct acpi_spcr {
	bool present; /* also false if the table names no port */
	u8 type;      /* ACPI_UART_*, or another, not 16550-compatible */
	struct acpi_reg reg;
	u8 stride; /* bytes from one register to the next: 1, 2, 4 or 8 */
	u32 baud;  /* bits per second; 0: leave the port as the firmware has set it */
	u32 clock; /* Hz of the UART's clock; 0: unspecified */
};

/* A range of persistent memory from the NFIT, "System Physical Address (SPA) Range Structure". */
struct acpi_pmem {
	u64 base, len; /* bytes; len is not 0 and base + len does not wrap */
	u64 attributes;
	u32 proximity; /* domain, if proximity_valid */
	bool proximity_valid;
};

struct acpi_info {
	u8 revision; /* the RSDP's: 0 is ACPI 1.0 */
	u32 table_count;
	u32 tables_dropped; /* neither listed nor of use; or beyond ACPI_ENTRIES_MAX */
	struct acpi_table tables[ACPI_TABLES_MAX]; /* those that could be read, used or not */
	struct acpi_madt madt;
	struct acpi_fadt fadt;
	struct acpi_spcr spcr;
	struct acpi_reg hpet; /* its registers, always ACPI_MEMORY; addr 0: no HPET table */
	u32 pmem_count, pmem_dropped;
	struct acpi_pmem pmem[ACPI_PMEM_MAX];
};

struct acpi_source {
	/*
	 * Returns the len bytes at phys, readable until acpi_parse() returns; NULL: unreadable. Any
	 * numbers: phys + len may wrap. len is at most ACPI_TABLE_LEN_MAX.
	 */
	const void *(*map)(u64 phys, u64 len, void *arg);
	/* Reports what is wrong: one line without newline, valid only during the call. */
	void (*complain)(const char *message, void *arg);
	void *arg;
};

/*
 * Follows the RSDP, of which `len` bytes are readable, to the tables, and fills *out, which has no
 * pointers. Any alignment.
 *
 * Checks each table's signature, length and checksum, and treats a table that fails as absent;
 * fields beyond a table's end read as 0. Of duplicates the first valid one counts, except SSDTs.
 * What is absent stays 0, and that is no error. -EINVAL: the RSDP is invalid, or leads to no list
 * of tables; a complaint says which, and *out is all zeroes.
 *
 * Any context in which source's functions work.
 */
int acpi_parse(const void *rsdp, size_t len, const struct acpi_source *source,
	       struct acpi_info *out);

/*
 * Finds the first RSDP in an area of memory, for when no boot loader passes one: at a multiple of
 * 16 bytes from the area's start, with valid signature and checksum. NULL: none.
 */
const void *acpi_find_rsdp(const void *area, size_t len);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * PCI's configuration space: which functions there are, and where their registers lie. Terms and
 * layout: PCI Local Bus Specification, "Configuration Space". Untrusted: what a function says may
 * be anything. Pure; host-built too.
 */
#ifndef KEYWARD_KERNEL_PCI_PCI_H
#define KEYWARD_KERNEL_PCI_PCI_H

#include "kernel/lib/types.h"

/* A function's address: bus << 8 | device << 3 | function. */
#define PCI_BUS(bdf)      ((bdf) >> 8)
#define PCI_DEVICE(bdf)   ((bdf) >> 3 & 31)
#define PCI_FUNCTION(bdf) ((bdf)&7)

/* Bits of the register COMMAND. */
#define PCI_COMMAND_IO     BIT(0) /* answers at its I/O ports */
#define PCI_COMMAND_MEMORY BIT(1) /* answers at its memory addresses */
#define PCI_COMMAND_MASTER BIT(2) /* may read and write memory by itself */

/* How configuration space is reached: `reg` is a multiple of 4 below 256. */
struct pci_access {
	u32 (*read)(u16 bdf, u32 reg, void *arg);
	void (*write)(u16 bdf, u32 reg, u32 value, void *arg);
	void *arg;
};

struct pci_function {
	u16 bdf;
	u16 vendor, device;
	u8 header; /* its layout: 0, 1 for a bridge to another bus, or something else */
};

/* A BAR: where registers in memory lie. */
struct pci_bar {
	u64 base; /* bytes; 0: firmware has not given it an address */
	u64 size; /* bytes, a power of two; 0: it needs no addresses */
};

/*
 * Calls fn(function, arg) for each function on bus 0 and on the buses that bridges lead to, until
 * it returns true. Each bus is visited once, whatever the bridges say, so that a scan ends after at
 * most 2^16 functions. Other roots, which only ACPI's AML names, are not found. Returns whether fn
 * stopped it. Contexts are those of the access.
 */
bool pci_scan(const struct pci_access *pci, bool (*fn)(const struct pci_function *f, void *arg),
	      void *arg);

/*
 * Reads BAR `index` of a function that nobody uses: it does not answer meanwhile. Returns NULL, or
 * why there are no registers in memory, as static text. All registers are as before. Boot.
 */
const char *pci_bar_read(const struct pci_access *pci, const struct pci_function *f, u32 index,
			 struct pci_bar *bar);

/* Clears bits of COMMAND, then sets others. Who else changes the same register must be excluded. */
void pci_command(const struct pci_access *pci, u16 bdf, u32 clear, u32 set);

#endif

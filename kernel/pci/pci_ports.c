// SPDX-License-Identifier: MIT
/* PCI Local Bus Specification, "Software Generation of Configuration Transactions". */
#include "kernel/pci/pci_ports.h"
#include "kernel/cpu/insn.h"

#define PORT_ADDRESS 0xcf8
#define PORT_DATA    0xcfc
#define ENABLE       BIT(31)

static void choose(u16 bdf, u32 reg)
{
	outl(PORT_ADDRESS, (u32)(ENABLE | (u32)bdf << 8 | reg));
}

static u32 read(u16 bdf, u32 reg, void *arg)
{
	(void)arg;
	choose(bdf, reg);
	return inl(PORT_DATA);
}

static void write(u16 bdf, u32 reg, u32 value, void *arg)
{
	(void)arg;
	choose(bdf, reg);
	outl(PORT_DATA, value);
}

const struct pci_access pci_ports = { read, write, NULL };

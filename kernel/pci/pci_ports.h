/* SPDX-License-Identifier: MIT */
/* Configuration space by I/O ports, which every PC has. */
#ifndef KEYWARD_KERNEL_PCI_PCI_PORTS_H
#define KEYWARD_KERNEL_PCI_PCI_PORTS_H

#include "kernel/pci/pci.h"

/*
 * Two ports make one access, so there is one user at a time: boot, then whoever has a DMA device to
 * itself (kernel/dma/dma.c). No interrupt or NMI uses them. Where there is no PCI, nothing answers.
 */
extern const struct pci_access pci_ports;

#endif

/* SPDX-License-Identifier: MIT */
/* Configuration space by I/O ports, which every PC has. */
#ifndef KEYWARD_KERNEL_PCI_PCI_PORTS_H
#define KEYWARD_KERNEL_PCI_PCI_PORTS_H

#include "kernel/pci/pci.h"

/*
 * Returns the access, or NULL if there is no PCI. Two ports make one access, so there is one user
 * at a time: boot, then whoever has a DMA device to itself (kernel/dma/dma.c). No NMI uses them.
 */
const struct pci_access *pci_ports(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * QEMU's device for teaching, -device edu (QEMU's documentation, "EDU device"). It copies between
 * memory and a buffer of its own, a command at a time, and takes 100 ms for each. Its address mask
 * has 28 bits unless QEMU is told otherwise, which a driver cannot read: a frame above it is
 * refused.
 */
#ifndef KEYWARD_KERNEL_DMA_EDU_H
#define KEYWARD_KERNEL_DMA_EDU_H

#include "kernel/dma/dma.h"
#include "kernel/pci/pci.h"

struct edu {
	struct dma_device dma;
	const struct pci_access *pci;
	u16 bdf;
	volatile u8 *regs;
	u64 timeout_ns; /* of a command */
};

/* Sets up a device whose registers are mapped at `regs`. Thread context. */
struct dma_device *edu_setup(struct edu *edu, const struct pci_access *pci, u16 bdf,
			     volatile void *regs);

/* Whether the registers are those of such a device. Any context. */
bool edu_answers(const struct edu *edu);

/* Returns the first device that can be used, or NULL; prints a line for each that cannot. Boot. */
struct dma_device *edu_find(const struct boot_info *info);

/* Returns the device that edu_find() has found, for tests, or NULL. Any context. */
const struct edu *edu_get(void);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Something that copies memory by physical addresses, whatever the CPU's page tables and keys say:
 * a device on the PCI bus (kernel/dma/edu.h), or, where there is none, an engine in its place
 * (kernel/dma/engine.h).
 */
#ifndef KEYWARD_KERNEL_DMA_DMA_H
#define KEYWARD_KERNEL_DMA_DMA_H

#include "kernel/lib/boot_info.h"
#include "kernel/wait.h"

struct dma_device {
	char name[24];
	bool bus_master; /* it is a device, which reads and writes memory by itself; not the CPU */
	u64 limit;       /* bytes: it reaches the physical addresses below this */
	u64 chunk;       /* bytes: what one transfer copies at most */
	/* Copies at most a chunk. Thread context; the caller has the device to itself. */
	int (*transfer)(struct dma_device *dev, u64 to, u64 from, u64 len);
	/* All above is read-only after boot. */
	struct waitq idle; /* those who wait for the device */
	bool busy;         /* a copy has it; changes atomically, thread context */
};

/*
 * Finds the device, and prints a line for it and for each that cannot be used. Once at boot, after
 * pmem_init(), before other CPUs start.
 */
void dma_init(const struct boot_info *info);

/* Returns the machine's: a device if there is one, else the engine. Any context. */
struct dma_device *dma_device(void);

/* Returns the engine, also where there is a device. Any context. */
struct dma_device *dma_engine(void);

/*
 * Copies `len` bytes of physical memory from `from` to `to`, which must not overlap; any alignment.
 * Copies wait for each other. The device edu takes 200 ms for 2 KiB. -EINVAL: nothing to copy,
 * overlap, or not all of it is memory with struct pages; -ERANGE: beyond the device's limit;
 * -ETIMEDOUT: the device does not end; -ENOMEM: the engine has no page tables. After an error some
 * of `to` may be written. Thread context, interrupts on.
 */
int dma_copy(u64 to, u64 from, u64 len);

/* The same by a device that the caller names. */
int dma_copy_by(struct dma_device *dev, u64 to, u64 from, u64 len);

#endif

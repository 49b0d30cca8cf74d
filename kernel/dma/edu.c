// SPDX-License-Identifier: MIT
#include "kernel/dma/edu.h"
#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/lib/printf.h"
#include "kernel/pci/pci_ports.h"
#include "kernel/sched.h"
#include "kernel/time.h"
#include "mm/init.h"
#include "mm/page.h"
#include "mm/pgtable.h"
#include "mm/vmap.h"

#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8
#define EDU_LEN    0x100000

/* Registers: 32 bits below 0x80, 64 from there on. */
#define EDU_ID      0x00
#define EDU_LIVE    0x04 /* reads as the complement of what was written */
#define EDU_SRC     0x80
#define EDU_DST     0x88
#define EDU_COUNT   0x90
#define EDU_COMMAND 0x98

#define ID_LOW 0xed /* bits 7:0 of the ID */

#define COMMAND_RUN   1 /* starts it; clear when it has ended */
#define COMMAND_WRITE 2 /* from the buffer to memory; else from memory to the buffer */

/*
 * The buffer, as the commands name it, and half its 4 KiB: QEMU up to 7.2 at least stops the whole
 * machine if a transfer reaches the buffer's end.
 */
#define EDU_BUFFER 0x40000
#define EDU_CHUNK  2048

#define EDU_LIMIT      BIT(28)
#define EDU_TIMEOUT_NS 5000000000ULL
#define EDU_POLL_NS    1000000

static u32 read32(const struct edu *edu, u32 reg)
{
	return *(volatile u32 *)(edu->regs + reg);
}

static void write32(const struct edu *edu, u32 reg, u32 value)
{
	*(volatile u32 *)(edu->regs + reg) = value;
}

static void write64(const struct edu *edu, u32 reg, u64 value)
{
	*(volatile u64 *)(edu->regs + reg) = value;
}

/* Waits for the end of the command that runs, if there is one. */
static int wait_idle(const struct edu *edu)
{
	u64 until = now_ns() + edu->timeout_ns;

	for (;;) {
		bool late = now_ns() > until; /* first: what ended in time is no failure */

		if (!(read32(edu, EDU_COMMAND) & COMMAND_RUN))
			return 0;
		if (late)
			return -ETIMEDOUT;
		thread_sleep(EDU_POLL_NS);
	}
}

/*
 * The device must be idle: else it ignores the writes. The barriers keep the compiler's accesses to
 * memory on their side; uncached stores are ordered.
 */
static int run(const struct edu *edu, u64 to, u64 from, u64 len, u32 command)
{
	int err;

	write64(edu, EDU_SRC, from);
	write64(edu, EDU_DST, to);
	write64(edu, EDU_COUNT, len);
	barrier();
	write32(edu, EDU_COMMAND, command | COMMAND_RUN);
	err = wait_idle(edu);
	barrier();
	return err;
}

/*
 * The device can reach memory only while a transfer runs: a command that ends late, after its
 * timeout, does not write into frames that have another owner by then. So the next transfer waits
 * for it before the device gets the bus back.
 */
static int transfer(struct dma_device *dev, u64 to, u64 from, u64 len)
{
	const struct edu *edu = container_of(dev, struct edu, dma);
	int err = wait_idle(edu);

	if (err)
		return err;
	pci_command(edu->pci, edu->bdf, 0, PCI_COMMAND_MASTER);
	err = run(edu, EDU_BUFFER, from, len, 0);
	if (!err)
		err = run(edu, to, EDU_BUFFER, len, COMMAND_WRITE);
	pci_command(edu->pci, edu->bdf, PCI_COMMAND_MASTER, 0);
	return err;
}

struct dma_device *edu_setup(struct edu *edu, const struct pci_access *pci, u16 bdf,
			     volatile void *regs)
{
	*edu = (struct edu){
		.dma = { .bus_master = true,
			 .limit = EDU_LIMIT,
			 .chunk = EDU_CHUNK,
			 .transfer = transfer },
		.pci = pci,
		.bdf = bdf,
		.regs = regs,
		.timeout_ns = EDU_TIMEOUT_NS,
	};
	waitq_init(&edu->dma.idle);
	ksnprintf(edu->dma.name, sizeof(edu->dma.name), "edu at %02x:%02x.%u", PCI_BUS(bdf),
		  PCI_DEVICE(bdf), PCI_FUNCTION(bdf));
	return &edu->dma;
}

bool edu_answers(const struct edu *edu)
{
	if ((read32(edu, EDU_ID) & 0xff) != ID_LOW) /* somebody else's registers are not written */
		return false;
	write32(edu, EDU_LIVE, 0x12345678);
	return read32(edu, EDU_LIVE) == ~0x12345678u;
}

static struct edu found; /* written at boot; its `dma` says the rest */

const struct edu *edu_get(void)
{
	return found.regs ? &found : NULL;
}

/* Returns why the registers cannot be where the BAR says, or NULL. */
static const char *refusal(const struct boot_info *info, const struct pci_bar *bar)
{
	struct pmem_limits limits = mm_pmem_limits(info);
	const char *why;

	limits.end = BIT(cpu_phys_bits());
	why = registers_refusal(&limits, bar->base, bar->size);
	if (!why && bar->size < EDU_LEN)
		why = "it is too small for the device's registers";
	if (!why && ranges_touch(&page_ranges, bar->base, bar->base + bar->size))
		why = "persistent memory is there";
	return why;
}

/*
 * Maps the registers and asks whether they are the device's. If not, all is as before: the next
 * device gets the same addresses, and nobody is told of registers here.
 */
static bool try_registers(u16 bdf, u64 base)
{
	static u64 window;

	window = window ? window : vmap_reserve(EDU_LEN);
	if (pgtable_map(kernel_root, window, base, EDU_LEN, PTE_MMIO | PTE_G, 1))
		panic("no memory to map a device's registers");
	pci_command(&pci_ports, bdf, PCI_COMMAND_MASTER, PCI_COMMAND_MEMORY);
	edu_setup(&found, &pci_ports, bdf, (volatile void *)window);
	if (edu_answers(&found)) {
		device_add(base, EDU_LEN);
		return true;
	}
	pci_command(&pci_ports, bdf, PCI_COMMAND_MEMORY, 0);
	pgtable_unmap(kernel_root, window, EDU_LEN);
	found.regs = NULL;
	return false;
}

/* For pci_scan(): true if the function is a device that can be used. */
static bool take(const struct pci_function *f, void *arg)
{
	struct pci_bar bar;
	const char *why;

	if (f->vendor != EDU_VENDOR || f->device != EDU_DEVICE)
		return false;
	why = pci_bar_read(&pci_ports, f, 0, &bar);
	if (!why)
		why = refusal(arg, &bar);
	if (!why && try_registers(f->bdf, bar.base))
		return true;
	if (!why)
		why = "the registers there are not its own";
	pr("# DMA: edu at %02x:%02x.%u is not used: BAR 0, %p+0x%lx: %s\n", PCI_BUS(f->bdf),
	   PCI_DEVICE(f->bdf), PCI_FUNCTION(f->bdf), (void *)bar.base, bar.size, why);
	return false;
}

struct dma_device *edu_find(const struct boot_info *info)
{
	return pci_scan(&pci_ports, take, (void *)info) ? &found.dma : NULL;
}

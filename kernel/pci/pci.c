// SPDX-License-Identifier: MIT
#include "kernel/pci/pci.h"

/* Registers of configuration space. */
#define REG_ID      0x00 /* vendor 15:0, device 31:16 */
#define REG_COMMAND 0x04 /* COMMAND 15:0; STATUS 31:16, where ones that are written clear bits */
#define REG_HEADER  0x0c /* 23:16, of which bit 23 says that there are more functions */
#define REG_BAR0    0x10
#define REG_BUSES   0x18 /* of a bridge: the bus behind it in 15:8 */

#define HEADER_MORE   0x80
#define HEADER_DEVICE 0
#define HEADER_BRIDGE 1

/* The low bits of a BAR. */
#define BAR_IO      BIT(0)
#define BAR_TYPE(b) ((b) >> 1 & 3)
#define BAR_TYPE_32 0
#define BAR_TYPE_64 2
#define BAR_ADDR(b) ((b) & ~0xfULL)

#define NO_VENDOR 0xffff

struct scan {
	const struct pci_access *pci;
	bool (*fn)(const struct pci_function *f, void *arg);
	void *arg;
	u64 found[4], visited[4]; /* a bit for each bus */
};

static u32 read(const struct pci_access *pci, u16 bdf, u32 reg)
{
	return pci->read(bdf, reg, pci->arg);
}

static void write(const struct pci_access *pci, u16 bdf, u32 reg, u32 value)
{
	pci->write(bdf, reg, value, pci->arg);
}

static void add_bus(struct scan *scan, u32 bus)
{
	scan->found[bus / 64] |= BIT(bus % 64);
}

/* Whether there is a function, which *f gets. A few old boards answer 0 where there is none. */
static bool look(const struct pci_access *pci, u16 bdf, struct pci_function *f, bool *more)
{
	u32 id = read(pci, bdf, REG_ID), header;

	if (!id || (id & NO_VENDOR) == NO_VENDOR)
		return false;
	header = read(pci, bdf, REG_HEADER) >> 16 & 0xff;
	*more = header & HEADER_MORE;
	*f = (struct pci_function){
		.bdf = bdf,
		.vendor = (u16)id,
		.device = (u16)(id >> 16),
		.header = (u8)(header & ~HEADER_MORE),
	};
	return true;
}

/* A device without function 0 is none; function 0 says whether there are more. */
static bool scan_device(struct scan *scan, u16 first)
{
	u32 functions = 1;

	for (u32 i = 0; i < functions; i++) {
		struct pci_function f;
		bool more;

		if (!look(scan->pci, (u16)(first + i), &f, &more))
			continue;
		if (more)
			functions = 8;
		if (f.header == HEADER_BRIDGE)
			add_bus(scan, read(scan->pci, f.bdf, REG_BUSES) >> 8 & 0xff);
		if (scan->fn(&f, scan->arg))
			return true;
	}
	return false;
}

/* Takes a bus that was found and not visited; false: there is none. */
static bool next_bus(struct scan *scan, u32 *bus)
{
	for (u32 i = 0; i < 4; i++) {
		u64 left = scan->found[i] & ~scan->visited[i];

		if (!left)
			continue;
		*bus = 64 * i + (u32)__builtin_ctzll(left);
		scan->visited[i] |= left & -left;
		return true;
	}
	return false;
}

bool pci_scan(const struct pci_access *pci, bool (*fn)(const struct pci_function *f, void *arg),
	      void *arg)
{
	struct scan scan = { .pci = pci, .fn = fn, .arg = arg };
	u32 bus;

	add_bus(&scan, 0);
	while (next_bus(&scan, &bus))
		for (u32 device = 0; device < 32; device++)
			if (scan_device(&scan, (u16)(bus << 8 | device << 3)))
				return true;
	return false;
}

void pci_command(const struct pci_access *pci, u16 bdf, u32 clear, u32 set)
{
	u32 command = read(pci, bdf, REG_COMMAND) & 0xffff; /* zeroes leave STATUS alone */

	write(pci, bdf, REG_COMMAND, (command & ~clear) | set);
}

/* Returns which bits of a register can be set, and leaves it as it was. */
static u32 writable(const struct pci_access *pci, u16 bdf, u32 reg)
{
	u32 old = read(pci, bdf, reg), mask;

	write(pci, bdf, reg, ~0u);
	mask = read(pci, bdf, reg);
	write(pci, bdf, reg, old);
	return mask;
}

/* The address bits that can be set are those from the size up. */
static const char *bar_measure(const struct pci_access *pci, u16 bdf, u32 reg, bool wide,
			       struct pci_bar *bar)
{
	u32 command = read(pci, bdf, REG_COMMAND) & 0xffff;
	u64 mask;

	write(pci, bdf, REG_COMMAND, command & ~(u32)(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	bar->base = BAR_ADDR(read(pci, bdf, reg));
	mask = BAR_ADDR(writable(pci, bdf, reg));
	if (wide) {
		bar->base |= (u64)read(pci, bdf, reg + 4) << 32;
		mask |= (u64)writable(pci, bdf, reg + 4) << 32;
	} else if (mask) {
		mask |= 0xffffffff00000000;
	}
	write(pci, bdf, REG_COMMAND, command);
	bar->size = mask & -mask;
	if (mask + bar->size)
		return "its size is no power of two";
	if (bar->size && bar->base & (bar->size - 1))
		return "its address is no multiple of its size";
	return NULL;
}

const char *pci_bar_read(const struct pci_access *pci, const struct pci_function *f, u32 index,
			 struct pci_bar *bar)
{
	u32 count = f->header == HEADER_DEVICE ? 6 : f->header == HEADER_BRIDGE ? 2 : 0;
	u32 reg = REG_BAR0 + 4 * index, low;

	*bar = (struct pci_bar){ 0 };
	if (index >= count)
		return "there is none";
	low = read(pci, f->bdf, reg);
	if (low & BAR_IO)
		return "it has I/O ports, not memory";
	if (BAR_TYPE(low) != BAR_TYPE_32 && BAR_TYPE(low) != BAR_TYPE_64)
		return "it is neither 32 nor 64 bits wide";
	if (BAR_TYPE(low) == BAR_TYPE_64 && index + 1 == count)
		return "it is 64 bits wide, but the last";
	return bar_measure(pci, f->bdf, reg, BAR_TYPE(low) == BAR_TYPE_64, bar);
}

/* SPDX-License-Identifier: MIT */
/*
 * A configuration space of a few functions, whose registers keep what can be written to them. It
 * watches the rules for those who write: no BAR is measured while its function answers.
 */
#ifndef KEYWARD_TESTS_HOST_PCI_SPACE_H
#define KEYWARD_TESTS_HOST_PCI_SPACE_H

#include "kernel/pci/pci.h"
#include "tests/host/harness.h"

#define SPACE_MAX 300

struct space_function {
	u16 bdf;
	u32 value[64], writable[64]; /* by register / 4 */
};

static struct space {
	struct space_function f[SPACE_MAX];
	u32 count, reads, writes;
} space;

static struct space_function *space_at(u16 bdf)
{
	for (u32 i = 0; i < space.count; i++)
		if (space.f[i].bdf == bdf)
			return &space.f[i];
	return NULL;
}

static u32 space_read(u16 bdf, u32 reg, void *arg)
{
	const struct space_function *f = space_at(bdf);

	assert_ptr_equal(arg, &space);
	assert_true(reg < 256 && reg % 4 == 0);
	assert_true(space.reads++ < 1u << 20); /* more is a scan without an end */
	return f ? f->value[reg / 4] : ~0u;
}

static void space_write(u16 bdf, u32 reg, u32 value, void *arg)
{
	struct space_function *f = space_at(bdf);
	u32 mask;

	assert_ptr_equal(arg, &space);
	assert_non_null(f);
	assert_true(reg < 256 && reg % 4 == 0);
	space.writes++;
	mask = f->writable[reg / 4];
	if (reg == 4) {
		f->value[1] &= ~(value & 0xffff0000); /* STATUS: ones clear bits */
	} else {
		assert_true(reg >= 0x10 && reg < 0x28);
		if (value == ~0u)
			assert_int_equal(f->value[1] & (PCI_COMMAND_IO | PCI_COMMAND_MEMORY), 0);
	}
	f->value[reg / 4] = (f->value[reg / 4] & ~mask) | (value & mask);
}

static const struct pci_access space_access = { space_read, space_write, &space };

static inline u16 bdf_of(u32 bus, u32 device, u32 function)
{
	return (u16)(bus << 8 | device << 3 | function);
}

/* Adds a function: `header` is the byte with the bit for more functions. */
static inline struct space_function *space_add(u16 bdf, u32 id, u32 header)
{
	struct space_function *f = &space.f[space.count++];

	assert_true(space.count <= SPACE_MAX);
	memset(f, 0, sizeof(*f));
	f->bdf = bdf;
	f->value[0] = id;
	f->value[1] = 0x02900003; /* answers; STATUS has bits that ones would clear */
	f->writable[1] = 0x0547;
	f->value[3] = header << 16 | 0x10;
	return f;
}

/* Adds a bridge to `bus`. */
static inline void space_bridge(u16 bdf, u32 bus)
{
	space_add(bdf, 0x00011b36, 1)->value[6] = 0x55ff0000 | bus << 8 | PCI_BUS(bdf);
}

/* Gives a function BAR `index`, of `size` bytes at `base`; `low`: its lowest four bits. */
static inline void space_bar(struct space_function *f, u32 index, u64 base, u64 size, u32 low)
{
	u64 mask = ~(size - 1);

	f->value[4 + index] = (u32)base | low;
	f->writable[4 + index] = (u32)mask & ~0xfu;
	if ((low & 7) == 4) {
		f->value[5 + index] = (u32)(base >> 32);
		f->writable[5 + index] = (u32)(mask >> 32);
	}
}

#endif

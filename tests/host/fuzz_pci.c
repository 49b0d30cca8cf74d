/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the answers of configuration space, one after another, so that two reads of one
 * register may differ; all ones behind the last. A scan ends and comes to no function twice; a BAR
 * is measured while its function does not answer, and gets back what it had; what passes for a
 * range of memory has a size that is a power of two.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/pci/pci.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct {
	const u8 *bytes;
	size_t left;
	u32 last[64]; /* what was read last, by register / 4 */
	u32 owed[64]; /* what a register has to get back */
	u64 owes;     /* which have to */
	u32 command;  /* as written last */
	bool may_write;
} space;

static u8 visited[1 << 13];

static void check(bool ok)
{
	if (!ok)
		abort();
}

static u32 answer(u16 bdf, u32 reg, void *arg)
{
	u32 value = ~0u;

	(void)bdf;
	check(arg == &space && reg < 256 && reg % 4 == 0);
	if (space.left >= sizeof(value)) {
		memcpy(&value, space.bytes, sizeof(value));
		space.bytes += sizeof(value);
		space.left -= sizeof(value);
	}
	space.last[reg / 4] = value;
	return value;
}

static void take(u16 bdf, u32 reg, u32 value, void *arg)
{
	u64 bit = BIT(reg / 4);

	(void)bdf;
	check(space.may_write && arg == &space);
	if (reg == 4) {
		check(value >> 16 == 0);
		space.command = value;
		if (!(space.owes & bit)) {
			space.owes |= bit;
			space.owed[1] = space.last[1] & 0xffff;
		} else if (value == space.owed[1]) {
			space.owes &= ~bit;
		}
		return;
	}
	check(reg >= 0x10 && reg < 0x28 && !(space.command & 3));
	if (space.owes & bit) {
		check(value == space.owed[reg / 4]);
		space.owes &= ~bit;
	} else {
		check(value == ~0u);
		space.owes |= bit;
		space.owed[reg / 4] = space.last[reg / 4];
	}
}

static const struct pci_access access_space = { answer, take, &space };

static void check_bar(const struct pci_function *f, u32 index)
{
	struct pci_bar bar;
	const char *why;

	space.may_write = true;
	space.owes = 0;
	space.command = 3;
	why = pci_bar_read(&access_space, f, index, &bar);
	space.may_write = false;
	check(!space.owes);
	if (why) {
		check(*why);
		return;
	}
	check(!(bar.size & (bar.size - 1)) && (bar.base & 0xf) == 0);
	check(!bar.size || (bar.size >= 16 && !(bar.base & (bar.size - 1))));
}

static bool found(const struct pci_function *f, void *arg)
{
	u8 bit = (u8)(1u << (f->bdf & 7));

	check(arg == visited && !(visited[f->bdf / 8] & bit));
	visited[f->bdf / 8] |= bit;
	check(f->vendor != 0xffff && f->header < 0x80);
	for (u32 i = 0; i < 7; i++)
		check_bar(f, i);
	return f->vendor == 0x5afe;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	memset(&space, 0, sizeof(space));
	memset(visited, 0, sizeof(visited));
	space.bytes = data;
	space.left = size;
	pci_scan(&access_space, found, visited);
	return 0;
}

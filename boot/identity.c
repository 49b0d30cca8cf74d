// SPDX-License-Identifier: MIT
/*
 * The checksum covers what the loader puts into memory and nothing may change: the segments of
 * keyward.elf that are not writable, in its order. tools/lib/image.py finds them in the file.
 */
#include "boot/identity.h"
#include "kernel/console/results.h"
#include "kernel/cpu/layout.h"
#include "kernel/lib/hash64.h"
#include "kernel/lib/version.h"

extern const char boot_part_end[], text_start[], text_end[], user_load[], user_start[], user_end[];
extern const char rodata_start[], rodata_end[];

void identity_print(void)
{
	const struct {
		const void *start;
		u64 bytes;
	} segments[] = {
		{ (void *)(DIRECT_BASE + KERNEL_LMA), (u64)boot_part_end - KERNEL_LMA },
		{ text_start, (u64)(text_end - text_start) },
		{ user_load, (u64)(user_end - user_start) },
		{ rodata_start, (u64)(rodata_end - rodata_start) },
	};
	u64 hash = 0;

	for (u32 i = 0; i < ARRAY_SIZE(segments); i++)
		hash = hash64(hash, segments[i].start, segments[i].bytes);
	results_pr("# kernel: version %s, commit %s, hash %016lx\n", keyward_version,
		   keyward_commit, hash);
}

/* SPDX-License-Identifier: MIT */
/*
 * The multiboot2 boot information (Multiboot2 Specification, "Boot information format"): what the
 * loader left in memory, untrusted. Pure.
 */
#ifndef KEYWARD_BOOT_MULTIBOOT2_H
#define KEYWARD_BOOT_MULTIBOOT2_H

#include "kernel/lib/boot_info.h"

/*
 * Walks the structure at mbi, of which limit bytes can be read (its own length is not believed
 * beyond that), and fills *out. Any alignment.
 *
 * Returns 0, or -EINVAL and one line in *why that names the tag (static storage, overwritten by
 * the next call). *out is then what stood before the bad tag: well formed, so that the message
 * can still go to a screen. On success *why is NULL.
 *
 * What is absent stays zero, and that is no error here: without a memory map, mem_count is 0 and
 * the caller complains. Of tags that come twice the first counts. Memory entries of no length are
 * left out silently; those that wrap or do not fit are counted in mem_dropped. The RSDP is
 * copied, not checked; the ACPI 2.0 tag is preferred.
 *
 * Boot only: the message is in one buffer.
 */
int mb2_parse(const void *mbi, size_t limit, struct boot_info *out, const char **why);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Parses the multiboot2 boot information (Multiboot2 Specification, "Boot information format"),
 * which the loader left in memory. Trusts nothing in it. Pure.
 */
#ifndef KEYWARD_BOOT_MULTIBOOT2_H
#define KEYWARD_BOOT_MULTIBOOT2_H

#include "kernel/lib/boot_info.h"

/*
 * Walks the structure at `mbi`, of which `limit` bytes can be read, and fills *out. Any alignment.
 *
 * Returns 0 and *why = NULL, or -EINVAL and one line in *why (static storage, overwritten by the
 * next call). After an error *out holds what came before the bad tag, well formed, so that the
 * message can still go to a screen.
 *
 * What is absent stays zero and is no error: without a memory map, mem_count is 0 and the caller
 * must act. Of two tags of one type the first counts. Empty memory entries are skipped; those that
 * wrap or do not fit are counted in mem_dropped. The RSDP is copied, not checked; the ACPI 2.0 tag
 * is preferred.
 *
 * Boot only: all messages share one buffer.
 */
int mb2_parse(const void *mbi, size_t limit, struct boot_info *out, const char **why);

#endif

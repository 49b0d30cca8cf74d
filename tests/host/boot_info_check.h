/* SPDX-License-Identifier: MIT */
/* Checks what must hold of every answer of mb2_parse(), for any bytes. */
#ifndef KEYWARD_TESTS_HOST_BOOT_INFO_CHECK_H
#define KEYWARD_TESTS_HOST_BOOT_INFO_CHECK_H

#include <string.h>

#include "boot/multiboot2.h"

/* NULL, or what is wrong with the answer. */
static inline const char *boot_info_check(int status, const char *why, const struct boot_info *out)
{
	if (status != 0 && status != -EINVAL)
		return "a status that was not promised";
	if ((status == 0) != (why == NULL))
		return "a message without an error, or an error without one";
	if (why && (strchr(why, '\n') || strlen(why) < 10 || strlen(why) > 120))
		return "the message is not one line";
	if (out->mem_count > BOOT_MEM_MAX)
		return "mem_count";
	for (u32 i = 0; i < out->mem_count; i++)
		if (!out->mem[i].len || out->mem[i].base + out->mem[i].len < out->mem[i].base)
			return "a memory entry that is empty or wraps";
	if (!memchr(out->cmdline, 0, sizeof(out->cmdline)) ||
	    !memchr(out->loader, 0, sizeof(out->loader)))
		return "a string without an end";
	if (out->cmdline_cut && strlen(out->cmdline) != BOOT_CMDLINE_MAX - 1)
		return "cut without need";
	if (out->rsdp_len != 0 && out->rsdp_len != 20 && out->rsdp_len != 36)
		return "rsdp_len";
	return NULL;
}

#endif

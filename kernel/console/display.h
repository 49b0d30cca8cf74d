/* SPDX-License-Identifier: MIT */
/* From what the loader says of a screen to the console on it. */
#ifndef KEYWARD_KERNEL_CONSOLE_DISPLAY_H
#define KEYWARD_KERNEL_CONSOLE_DISPLAY_H

#include "kernel/lib/boot_info.h"

/*
 * Starts the console on the screen that the loader names, says in one line what it is, and clears
 * info->fb if it cannot be used. A framebuffer that boot/boot.S has not mapped, above 4 GiB, starts
 * with display_mapped(). Once, before mm_init().
 */
void display_start(struct boot_info *info);

/* The same where no more than a last message will be printed: without a screen a PC's is tried. */
void display_start_last(struct boot_info *info);

/* info->fb, a framebuffer, is mapped at `pixels` from now on. From mm_init(). */
void display_mapped(const struct boot_info *info, volatile void *pixels);

#endif

/* SPDX-License-Identifier: MIT */
/* Puts the console on the screen that the boot loader reports. */
#ifndef KEYWARD_KERNEL_CONSOLE_DISPLAY_H
#define KEYWARD_KERNEL_CONSOLE_DISPLAY_H

#include "kernel/lib/boot_info.h"

/*
 * Starts the console on the loader's screen, reports it in one line, and clears info->fb if it is
 * unusable. A framebuffer above 4 GiB, which boot/boot.S has not mapped, starts with
 * display_mapped(). Once, before mm_init().
 */
void display_start(struct boot_info *info);

/* The same to print a last message only: without a screen it tries a PC's text screen. */
void display_start_last(struct boot_info *info);

/* Starts or moves the console to info->fb, a framebuffer now mapped at `pixels`. From mm_init(). */
void display_mapped(const struct boot_info *info, volatile void *pixels);

#endif

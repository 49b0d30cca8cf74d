/* SPDX-License-Identifier: MIT */
/*
 * The keyboard behind an i8042 controller, or what a firmware shows as one for a USB keyboard.
 * Polled; no wait is longer than some milliseconds.
 */
#ifndef KEYWARD_KERNEL_CONSOLE_KEYBOARD_H
#define KEYWARD_KERNEL_CONSOLE_KEYBOARD_H

#include "kernel/console/scancode.h"

/*
 * Looks for the controller and readies it; false: there is none, and keyboard_getkey() will say so
 * for ever. Thread context, once.
 */
bool keyboard_init(void);

/* The next key pressed, as enum key; -1: none. Never waits. Thread context, one reader. */
int keyboard_getkey(void);

#endif

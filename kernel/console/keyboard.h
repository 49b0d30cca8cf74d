/* SPDX-License-Identifier: MIT */
/*
 * The keyboard of an i8042 controller, or of a firmware that emulates one for a USB keyboard.
 * Polled; no wait is longer than some 20 milliseconds.
 */
#ifndef KEYWARD_KERNEL_CONSOLE_KEYBOARD_H
#define KEYWARD_KERNEL_CONSOLE_KEYBOARD_H

#include "kernel/console/scancode.h"

/*
 * Finds and sets up the controller. False: there is none, and keyboard_getkey() will always return
 * -1. Thread context; where it has found one, a further call does nothing.
 */
bool keyboard_init(void);

/* Returns the next key pressed, as enum key; -1: none. Never waits. Thread context, one reader. */
int keyboard_getkey(void);

#endif

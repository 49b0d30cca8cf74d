/* SPDX-License-Identifier: MIT */
#ifndef KEYWARD_KERNEL_MACHINE_H
#define KEYWARD_KERNEL_MACHINE_H

/* Ends the machine; `status` goes to the emulator's exit device. */
enum machine_status { MACHINE_PASS = 0x10, MACHINE_FAIL = 0x11, MACHINE_PANIC = 0x12 };
_Noreturn void machine_end(enum machine_status status);

/*
 * Has machine_end() announce a reboot and reset the machine, unless there was a panic: the first of
 * two boots (word boots=2). Thread context.
 */
void machine_boot_again(void);

#endif

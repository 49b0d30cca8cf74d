/* SPDX-License-Identifier: MIT */
#ifndef KEYWARD_KERNEL_CODES_H
#define KEYWARD_KERNEL_CODES_H

/*
 * Shows the results as QR codes if codes= asks for them, or by itself on a machine whose screen is
 * all that it has. Turns the pages by key, or slowly; Esc ends it, as does the last page where the
 * machine does not stay on (exit=). Main thread, after the tests.
 */
void codes_show(void);

#endif

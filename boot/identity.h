/* SPDX-License-Identifier: MIT */
#ifndef KEYWARD_BOOT_IDENTITY_H
#define KEYWARD_BOOT_IDENTITY_H

/*
 * Prints and keeps version, commit and checksum of this kernel. Boot only, before patch_apply(),
 * which changes the text.
 */
void identity_print(void);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef KEYWARD_KERNEL_LIB_VERSION_H
#define KEYWARD_KERNEL_LIB_VERSION_H

/* Keyward's version, and the commit that it was built from: see tools/commit. */
extern const char keyward_version[], keyward_commit[16];

#endif

/* SPDX-License-Identifier: MIT */
/* A 64-bit checksum, cheap under an emulator: eight bytes take five instructions. Not secret. */
#ifndef KEYWARD_KERNEL_LIB_HASH64_H
#define KEYWARD_KERNEL_LIB_HASH64_H

#include "kernel/lib/types.h"

/*
 * Returns the checksum of `n` bytes behind those that `hash` covers, 0 for none. Where one range
 * ends and the next begins counts too. tools/lib/image.py computes the same. Any context.
 */
u64 hash64(u64 hash, const void *bytes, size_t n);

#endif

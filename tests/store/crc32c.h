/* SPDX-License-Identifier: MIT */
/* CRC-32C (Castagnoli), as in iSCSI and in the CRC32 instruction. Any context. */
#ifndef KEYWARD_TESTS_STORE_CRC32C_H
#define KEYWARD_TESTS_STORE_CRC32C_H

#include "kernel/lib/types.h"

/* Returns the CRC of what `crc` covers, 0 for nothing, and `n` bytes more. */
u32 crc32c(u32 crc, const void *data, u64 n);

#endif

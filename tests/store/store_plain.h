/* SPDX-License-Identifier: MIT */
/*
 * A medium in plain memory, `ctx`, for tests: a store has arrived as soon as it is made, so that
 * flushes and fences have nothing to do. Here and on the host.
 */
#ifndef KEYWARD_TESTS_STORE_STORE_PLAIN_H
#define KEYWARD_TESTS_STORE_STORE_PLAIN_H

#include "kernel/lib/string.h"
#include "tests/store/store.h"

static inline int store_plain_read(void *ctx, u64 at, void *buf, u64 n)
{
	memcpy(buf, (u8 *)ctx + at, n);
	return 0;
}

static inline int store_plain_write(void *ctx, u64 at, const void *buf, u64 n)
{
	memcpy((u8 *)ctx + at, buf, n);
	return 0;
}

static inline void store_no_flush(void *ctx, u64 at, u64 n)
{
	(void)ctx;
	(void)at;
	(void)n;
}

static inline void store_no_fence(void *ctx)
{
	(void)ctx;
}

#endif

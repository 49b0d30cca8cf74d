/* SPDX-License-Identifier: MIT */
/*
 * A walk over pieces of kernel memory, under Linux's names: where the next bytes of a copy come
 * from, or go to. Pure; any context.
 */
#ifndef KEYWARD_KERNEL_LIB_IOV_ITER_H
#define KEYWARD_KERNEL_LIB_IOV_ITER_H

#include "kernel/lib/types.h"

struct kvec {
	void *iov_base;
	size_t iov_len; /* bytes; may be 0 */
};

struct iov_iter {
	const struct kvec *kvec; /* the piece that is next */
	u64 nr_segs;             /* pieces from there on */
	size_t iov_offset;       /* of the next byte in it */
	size_t count;            /* bytes left */
};

/* Begins a walk over at most `count` bytes of `nr_segs` pieces, which stay as they are. */
static inline void iov_iter_kvec(struct iov_iter *i, const struct kvec *kvec, u64 nr_segs,
				 size_t count)
{
	*i = (struct iov_iter){ .kvec = kvec, .nr_segs = nr_segs, .count = count };
}

/* Copies the next `bytes` bytes, or as many as are left, and returns how many. */
size_t copy_from_iter(void *to, size_t bytes, struct iov_iter *i);
size_t copy_to_iter(const void *from, size_t bytes, struct iov_iter *i);

#endif

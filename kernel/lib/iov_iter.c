// SPDX-License-Identifier: MIT
#include "kernel/lib/iov_iter.h"
#include "kernel/lib/string.h"

/* Returns the next bytes that lie together, at most `bytes` of them, and takes them: *piece. */
static size_t next(struct iov_iter *i, size_t bytes, u8 **piece)
{
	size_t n;

	while (i->nr_segs && i->iov_offset == i->kvec->iov_len) {
		i->kvec++;
		i->nr_segs--;
		i->iov_offset = 0;
	}
	if (!i->nr_segs)
		return 0;
	n = MIN(MIN(bytes, i->count), i->kvec->iov_len - i->iov_offset);
	*piece = (u8 *)i->kvec->iov_base + i->iov_offset;
	i->iov_offset += n;
	i->count -= n;
	return n;
}

size_t copy_from_iter(void *to, size_t bytes, struct iov_iter *i)
{
	size_t done = 0, n;
	u8 *piece;

	for (; (n = next(i, bytes - done, &piece)); done += n)
		memcpy((u8 *)to + done, piece, n);
	return done;
}

size_t copy_to_iter(const void *from, size_t bytes, struct iov_iter *i)
{
	size_t done = 0, n;
	u8 *piece;

	for (; (n = next(i, bytes - done, &piece)); done += n)
		memcpy(piece, (const u8 *)from + done, n);
	return done;
}

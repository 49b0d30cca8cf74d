// SPDX-License-Identifier: MIT
#include "kernel/lib/hash64.h"
#include "kernel/lib/string.h"

#define FACTOR 0x9e3779b97f4a7c15ULL /* odd, so that no step loses a bit */

/* Eight bytes at any address; a call of memcpy() for each would take most of the time. */
typedef u64 __attribute__((aligned(1))) word_at;

static u64 step(u64 hash, u64 word)
{
	hash = (hash ^ word) * FACTOR;
	return hash ^ hash >> 32;
}

u64 hash64(u64 hash, const void *bytes, size_t n)
{
	const word_at *p = bytes;
	u64 rest = 0;

	for (size_t words = n / sizeof(*p); words; words--)
		hash = step(hash, *p++);
	memcpy(&rest, p, n % sizeof(*p));
	return step(step(hash, rest), n);
}

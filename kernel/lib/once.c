// SPDX-License-Identifier: MIT
#include "kernel/lib/once.h"
#include "kernel/lib/atomic.h"

bool once_first(struct once *once, u64 what, bool *last)
{
	for (u32 i = 0; i < ONCE_SITES; i++) {
		u64 seen = 0;

		if (try_cmpxchg(&once->seen[i], &seen, what)) {
			*last = i == ONCE_SITES - 1;
			return true;
		}
		if (seen == what)
			return false;
	}
	return false;
}

void once_forget(struct once *once)
{
	for (u32 i = 0; i < ONCE_SITES; i++)
		WRITE_ONCE(once->seen[i], 0);
}

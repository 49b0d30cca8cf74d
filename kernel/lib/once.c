// SPDX-License-Identifier: MIT
#include "kernel/lib/once.h"

bool once_first(struct once *once, u64 what, bool *last)
{
	for (u32 i = 0; i < ONCE_SITES; i++) {
		u64 seen = 0;

		if (__atomic_compare_exchange_n(&once->seen[i], &seen, what, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
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
		__atomic_store_n(&once->seen[i], 0, __ATOMIC_RELAXED);
}

// SPDX-License-Identifier: MIT
#include "mm/kmap/kmap_holder.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/string.h"

struct search {
	const struct page *first;
	u64 n;
	struct kmap_holder *holder;
};

static bool has_mapped(const struct local *local, const struct search *search)
{
	u32 n = MIN(READ_ONCE(local->maps), (u32)LOCAL_MAPS);

	for (u32 i = 0; i < n; i++) {
		const struct page *page = READ_ONCE(local->map[i].page);

		if (page < search->first || page >= search->first + search->n)
			continue;
		*search->holder = (struct kmap_holder){ .site = local->map[i].site };
		return true;
	}
	return false;
}

static bool thread_has_mapped(const struct thread *t, void *arg)
{
	const struct search *search = arg;

	if (!has_mapped(&t->local, search))
		return false;
	search->holder->thread = t->id;
	strlcpy(search->holder->name, t->name, sizeof(search->holder->name));
	return true;
}

bool kmap_holder(const struct page *first, u64 n, struct kmap_holder *holder)
{
	struct search search = { first, n, holder };

	for (u32 cpu = 0; cpu < cpu_count; cpu++)
		for (u32 i = 0; i < LOCALS; i++)
			if (has_mapped(&cpus[cpu]->local[i], &search))
				return true;
	return threads_any(thread_has_mapped, &search);
}

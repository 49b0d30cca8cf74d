// SPDX-License-Identifier: MIT
#include "mm/kmap/kmap_holder.h"
#include "kernel/console/console.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/string.h"
#include "mm/kmap/kmap_stack.h"
#include "mm/kmap/kmap_warn.h"

/* Looks for what `has` finds, in the struct local of every context. */
struct search {
	bool (*has)(const struct local *local, const struct search *search);
	const struct page *first;
	u64 n;
	u32 key;
	struct kmap_holder *holder;
};

/* From the last map down: as another one ends, those above it move down, so none is missed. */
static bool has_mapped(const struct local *local, const struct search *search)
{
	u32 n = MIN(READ_ONCE(local->maps), (u32)LOCAL_MAPS);

	for (u32 i = n; i--;) {
		const struct page *page = kmap_page(&local->map[i]);

		if (page < search->first || page >= search->first + search->n)
			continue;
		*search->holder = (struct kmap_holder){ .site = local->map[i].site };
		return true;
	}
	return false;
}

/* Racy like the former, but what was opened before the key lost its last page is found. */
static bool has_open(const struct local *local, const struct search *search)
{
	u32 mask = pkrs_mask(search->key);

	if (READ_ONCE(local->pardoned) & 1u << search->key)
		return true;
	for (u32 i = 0; i < MIN(READ_ONCE(local->steps), (u32)LOCAL_STEPS); i++)
		if (READ_ONCE(local->step[i].closed) & mask)
			return true;
	for (u32 i = MIN(READ_ONCE(local->maps), (u32)LOCAL_MAPS); i--;)
		if (READ_ONCE(local->map[i].mask) == mask)
			return true;
	return false;
}

static bool thread_has(const struct thread *t, void *arg)
{
	const struct search *search = arg;

	if (!search->has(&t->local, search))
		return false;
	search->holder->thread = t->id;
	strlcpy(search->holder->name, t->name, sizeof(search->holder->name));
	return true;
}

static bool find(struct search *search)
{
	for (u32 cpu = 0; cpu < cpu_count; cpu++)
		for (u32 i = 0; i < LOCALS; i++)
			if (search->has(&cpus[cpu]->local[i], search))
				return true;
	return threads_any(thread_has, search);
}

bool kmap_holder(const struct page *first, u64 n, struct kmap_holder *holder)
{
	struct search search = { has_mapped, .first = first, .n = n, .holder = holder };

	return find(&search);
}

bool pks_key_open(u32 key, const char *owner)
{
	struct kmap_holder holder = { 0 };
	struct search search = { has_open, .key = key, .holder = &holder };
	bool open = find(&search);

	if (open && owner) {
		atomic_inc(&kmap_stats.key_open);
		pr("# WARNING: no key for %s: key %u is free, but a pardon or a map of thread %u "
		   "(%s) may still open it\n",
		   owner, key, holder.thread, *holder.name ? holder.name : "none");
	}
	return open;
}

// SPDX-License-Identifier: MIT
/* File systems: directories, caches, compressed data; and maps that belong to one context. */
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_thread.h"
#include "tests/scenario/scenario.h"

static void *kept[SCENARIO_PAGES]; /* one driver runs at a time */

/* A directory walk: map, use, unmap. A helper makes the map and returns. */

DRIVER void *dir_get_page(void)
{
	return kmap(scenario_page(0));
}

DRIVER void dir_find_entry(void)
{
	u64 *entry = dir_get_page();

	use(0, entry);
	work_on(100);
	use(1, entry + 2);
	kunmap(scenario_page(0));
}

static void directory_walk(void)
{
	dir_find_entry();
}

static const struct use directory_walk_uses[] = {
	{ "reads an entry", BY_KMAP, PKS_READ, 0, true, dir_get_page },
	{ "marks the next as deleted", BY_KMAP, PKS_WRITE, 1, true, dir_get_page },
};
SCENARIO(directory_walk, "minix, sysv, ufs, nilfs2, vxfs, reiserfs/xattr", directory_walk_uses);

/* The same walk with a map that belongs to the context. */

DRIVER void local_find_entry(void)
{
	u64 *entry = kmap_local_page(scenario_page(0));

	use(0, entry);
	thread_yield();
	use(1, entry + 2);
	use(2, page_address(scenario_page(SCENARIO_STRAY)));
	kunmap_local(entry);
	use(3, entry);
}

static void directory_walk_local(void)
{
	local_find_entry();
}

static const struct use directory_walk_local_uses[] = {
	{ "reads an entry", BY_LOCAL, PKS_READ, 0, false, local_find_entry },
	{ "marks the next, after a yield", BY_LOCAL, PKS_WRITE, 0, false, local_find_entry },
	{ "a stray pointer to another page meanwhile", BY_NEIGHBOUR, PKS_WRITE, 0, false, NULL },
	{ "a use after the unmap", BY_NOBODY, PKS_WRITE, 0, false, local_find_entry },
};
SCENARIO(directory_walk_local, "the same, with kmap_local_page()", directory_walk_local_uses);

/* The same walk as the RFC converted it. */

DRIVER void thread_find_entry(void)
{
	u64 *entry = kmap_thread(scenario_page(0));

	use(0, entry);
	work_on(100);
	use(1, entry + 2);
	kunmap_thread(scenario_page(0));
	use(2, entry);
}

static void directory_walk_thread(void)
{
	thread_find_entry();
}

static const struct use directory_walk_thread_uses[] = {
	{ "reads an entry", BY_LOCAL, PKS_READ, 0, false, thread_find_entry },
	{ "marks the next", BY_LOCAL, PKS_WRITE, 0, false, thread_find_entry },
	{ "a use after the unmap", BY_NOBODY, PKS_WRITE, 0, false, thread_find_entry },
};
SCENARIO(directory_walk_thread, "the same, with kmap_thread()", directory_walk_thread_uses);

/* A cache keeps its page mapped from one call to the next. */

DRIVER void cache_lookup(u32 n, u64 slot)
{
	if (!kept[0])
		kept[0] = kmap(scenario_page(0));
	use(n, (u64 *)kept[0] + slot);
}

DRIVER void cache_release(void)
{
	kept[0] = NULL;
	kunmap(scenario_page(0));
}

static int second_caller(void *arg)
{
	(void)arg;
	cache_lookup(1, 1);
	return 0;
}

static void directory_cache(void)
{
	struct thread *t;

	kept[0] = NULL;
	cache_lookup(0, 0);
	t = thread_create("second caller", second_caller, NULL);
	if (t)
		thread_join(t);
	cache_release();
}

static const struct use directory_cache_uses[] = {
	{ "the call that maps writes an entry", BY_KMAP, PKS_WRITE, 0, true, cache_lookup },
	{ "a later call, by another thread, reads one", BY_KMAP, PKS_READ, 0, true, cache_lookup },
};
SCENARIO(directory_cache, "ceph/dir, ceph/inode", directory_cache_uses);

/* A list of pages whose last page stays mapped for the next append. */

DRIVER void tail_new_page(void)
{
	kept[1] = kmap(scenario_page(1));
}

DRIVER void tail_append(u32 n)
{
	use(n, (u64 *)kept[1] + n);
}

DRIVER void tail_release(void)
{
	kunmap(scenario_page(1));
}

DRIVER void message_encode(void)
{
	tail_append(0);
	work_on(250);
	tail_append(1);
}

static void page_list_tail(void)
{
	tail_new_page();
	message_encode();
	tail_release();
	use(2, kept[1]);
}

static const struct use page_list_tail_uses[] = {
	{ "appends", BY_KMAP, PKS_WRITE, 0, true, tail_new_page },
	{ "appends again", BY_KMAP, PKS_WRITE, 1, true, tail_new_page },
	{ "appends after the tail is unmapped", BY_NOBODY, PKS_WRITE, 1, false, tail_new_page },
};
SCENARIO(page_list_tail, "net/ceph/pagelist", page_list_tail_uses);

/* A metadata page stays mapped from its read until its release, whoever uses it. */

DRIVER void metapage_read(void)
{
	kept[2] = kmap(scenario_page(2));
}

DRIVER void metapage_change(void *n)
{
	use((u32)(u64)n, (u64 *)kept[2] + (u64)n);
}

DRIVER void metapage_release(void *arg)
{
	(void)arg;
	kunmap(scenario_page(2));
}

static void metapage(void)
{
	metapage_read();
	metapage_change((void *)0);
	run_in(IN_THREAD, metapage_change, (void *)1);
	run_in(IN_WORK, metapage_change, (void *)2);
	run_in(IN_WORK, metapage_release, NULL);
}

static const struct use metapage_uses[] = {
	{ "the thread that read it changes it", BY_KMAP, PKS_WRITE, 0, true, metapage_read },
	{ "another thread changes it", BY_KMAP, PKS_WRITE, 0, true, metapage_read },
	{ "the write-back's work item changes it", BY_KMAP, PKS_WRITE, 0, true, metapage_read },
};
SCENARIO(metapage, "jfs/jfs_metapage", metapage_uses);

/* A driver maps all pages of a block, fills them, and unmaps them in another order. */

DRIVER void decompress_map(void)
{
	for (u32 i = 0; i < SCENARIO_STRAY; i++)
		kept[i] = kmap(scenario_page(i));
}

DRIVER void decompress_unmap(void)
{
	kunmap(scenario_page(1));
	kunmap(scenario_page(0));
	kunmap(scenario_page(2));
}

DRIVER void decompress(void)
{
	decompress_map();
	for (u32 i = 0; i < SCENARIO_STRAY; i++) {
		use(i, kept[i]);
		work_on(120);
	}
	use(SCENARIO_STRAY, page_address(scenario_page(SCENARIO_STRAY)));
	decompress_unmap();
}

static void decompression(void)
{
	decompress();
}

static const struct use decompression_uses[] = {
	{ "fills the first page", BY_KMAP, PKS_WRITE, 0, true, decompress_map },
	{ "the second page", BY_KMAP, PKS_WRITE, 1, true, decompress_map },
	{ "the third page", BY_KMAP, PKS_WRITE, 1, true, decompress_map },
	{ "a page past the last", BY_NOBODY, PKS_WRITE, 1, true, NULL },
};
SCENARIO(decompression, "ntfs/compress", decompression_uses);

/* A driver maps many pages, compares some, and unmaps all. */

DRIVER void check_map(void)
{
	for (u32 i = 0; i < SCENARIO_STRAY; i++)
		kept[i] = kmap(scenario_page(i));
}

DRIVER void check_compare(void)
{
	use(0, kept[0]);
	work_on(200);
	use(1, kept[1]);
}

static void integrity_check(void)
{
	check_map();
	check_compare();
	for (u32 i = 0; i < SCENARIO_STRAY; i++)
		kunmap(scenario_page(i));
}

static const struct use integrity_check_uses[] = {
	{ "reads a superblock", BY_KMAP, PKS_READ, 0, true, check_map },
	{ "reads its copy", BY_KMAP, PKS_READ, 1, true, check_map },
};
SCENARIO(integrity_check, "btrfs/check-integrity", integrity_check_uses);

/* A function returns a page and its mapping; the caller unmaps it. */

DRIVER u64 *inode_entry(struct page **page)
{
	return kmap(*page = scenario_page(0));
}

DRIVER void inode_update(void)
{
	struct page *page;
	u64 *entry = inode_entry(&page);

	use(0, entry);
	kunmap(page);
}

static void returned_mapping(void)
{
	inode_update();
}

static const struct use returned_mapping_uses[] = {
	{ "updates the entry that it was given", BY_KMAP, PKS_WRITE, 0, true, inode_entry },
};
SCENARIO(returned_mapping, "qnx6", returned_mapping_uses);

/* A vector of pages, mapped in one of two ways: the caller can sleep or cannot. */

DRIVER void vector_push(u32 n, bool atomic)
{
	struct page *page = scenario_page(n);
	void *at = atomic ? kmap_atomic(page) : kmap(page);

	use(n, at);
	if (atomic)
		kunmap_atomic(at);
	else
		kunmap(page);
}

static void page_vector(void)
{
	vector_push(0, true);
	vector_push(1, false);
}

static const struct use page_vector_uses[] = {
	{ "with kmap_atomic()", BY_LOCAL, PKS_WRITE, 0, false, vector_push },
	{ "with kmap()", BY_KMAP, PKS_WRITE, 0, true, vector_push },
};
SCENARIO(page_vector, "erofs/zpvec", page_vector_uses);

/* A driver takes the global address only to print it, and accesses the page by a local map. */

static u64 noted; /* for a log */

DRIVER void entry_write(struct page *page)
{
	u64 *at = kmap_local_page(page);

	noted = (u64)page_address(page);
	use(0, at);
	kunmap_local(at);
}

static void logged_address(void)
{
	entry_write(scenario_page(0));
}

static const struct use logged_address_uses[] = {
	{ "writes under its own map", BY_LOCAL, PKS_WRITE, 0, false, entry_write },
};
SCENARIO(logged_address, "a driver that prints addresses", logged_address_uses);

// SPDX-License-Identifier: MIT
#include "mm/gup/filemap.h"
#include "kernel/lib/string.h"
#include "mm/gup/user_page.h"
#include "mm/gup/writeback.h"
#include "mm/page_alloc.h"

static struct page **cache_of(const struct address_space *file)
{
	return page_to_virt(file->index);
}

static u64 block_of(const struct address_space *file, u64 n)
{
	return file->block + n * level_pages(file->level);
}

static void write_dirty(struct address_space *file, u64 n)
{
	struct page *page = cache_of(file)[n];

	if (!page || !(READ_ONCE(page->flags) & PG_DIRTY))
		return;
	/* first: whoever makes it dirty from here on has it written again */
	atomic_and((u8)~PG_DIRTY, &page->flags);
	if (!writeback_pages(file->disk, block_of(file, n), page, level_pages(file->level))) {
		file->written++;
		return;
	}
	atomic_or((u8)PG_DIRTY, &page->flags);
	file->failed++;
}

static void write_all(struct work *work)
{
	struct address_space *file = container_of(work, struct address_space, work);

	mutex_lock(&file->lock);
	for (u64 n = 0; n < file->count; n++)
		write_dirty(file, n);
	mutex_unlock(&file->lock);
}

int file_create(struct address_space *file, struct ramdisk *disk, int level, u32 count)
{
	s64 block;

	if (level < 1 || level > 2 || !count || count > FILE_PAGES_MAX || count & (count - 1))
		return -EINVAL;
	*file = (struct address_space){ .disk = disk, .level = level, .count = count };
	file->index = page_alloc(0);
	if (!file->index)
		return -ENOMEM;
	memset(cache_of(file), 0, PAGE_SIZE);
	block = ramdisk_alloc(disk, (u32)(count * level_pages(level)));
	if (block < 0) {
		page_free(file->index, 0);
		return (int)block;
	}
	file->block = (u64)block;
	memset(page_to_virt(disk->first + block), 0, count * level_size(level));
	mutex_init(&file->lock);
	work_init(&file->work, write_all);
	return 0;
}

void file_destroy(struct address_space *file)
{
	for (u64 n = 0; n < file->count; n++)
		if (cache_of(file)[n])
			user_page_put(cache_of(file)[n], USERS_MAP);
	ramdisk_put(file->disk, file->block, (u32)(file->count * level_pages(file->level)));
	page_free(file->index, 0);
}

/* Brings the nth page into the cache, which counts as a map. Locked. */
static int fill(struct address_space *file, u64 n)
{
	struct page *page = user_page_alloc(file->level);
	int err;

	if (!page)
		return -ENOMEM;
	err = ramdisk_read(file->disk, block_of(file, n), page, level_pages(file->level));
	if (err)
		user_page_put(page, USERS_MAP);
	else
		cache_of(file)[n] = page;
	return err;
}

int file_get_page(struct address_space *file, u64 n, struct page **page)
{
	int err = 0;

	mutex_lock(&file->lock);
	if (!cache_of(file)[n])
		err = fill(file, n);
	if (!err) {
		*page = cache_of(file)[n];
		err = user_page_grab(*page, USERS_MAP);
	}
	mutex_unlock(&file->lock);
	return err;
}

void set_page_dirty(struct page *page)
{
	atomic_or((u8)PG_DIRTY, &user_page_head(page)->flags);
}

void writeback_start(struct address_space *file)
{
	if (work_queue(&file->work))
		file->requests++;
}

void writeback_wait(struct address_space *file)
{
	work_wait(&file->work, file->requests);
}

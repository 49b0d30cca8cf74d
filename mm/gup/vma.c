// SPDX-License-Identifier: MIT
#include "mm/gup/vma.h"
#include "kernel/thread.h"
#include "mm/gup/user_page.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "mm/tlb.h"

#define MM_END (USER_STACK - USER_STACK_SIZE)

struct mm_struct *mm_create(void)
{
	struct page *page = page_alloc(0);
	struct mm_struct *mm;

	if (!page)
		return NULL;
	mm = page_to_virt(page);
	if (uspace_create(&mm->us)) {
		page_free(page, 0);
		return NULL;
	}
	mm->us.mm = mm;
	mm->count = 0;
	mutex_init(&mm->lock);
	return mm;
}

void mm_destroy(struct mm_struct *mm)
{
	for (u32 i = 0; i < mm->count; i++)
		zap_range(mm, &mm->vmas[i], mm->vmas[i].start, mm->vmas[i].end);
	uspace_destroy(&mm->us);
	page_free(virt_to_page(mm), 0);
}

/* Returns the index of the first range that ends above `va`. */
static u32 index_of(const struct mm_struct *mm, u64 va)
{
	u32 i = 0;

	while (i < mm->count && mm->vmas[i].end <= va)
		i++;
	return i;
}

struct vm_area *vma_find(struct mm_struct *mm, u64 va)
{
	u32 i = index_of(mm, va);

	return i < mm->count && mm->vmas[i].start <= va ? &mm->vmas[i] : NULL;
}

pte_t *vma_entry(struct mm_struct *mm, const struct vm_area *vma, u64 va, bool make)
{
	return pgtable_entry(mm->us.root, va, vma_level(vma), make);
}

static void insert(struct mm_struct *mm, u32 i, struct vm_area vma)
{
	for (u32 k = mm->count++; k > i; k--)
		mm->vmas[k] = mm->vmas[k - 1];
	mm->vmas[i] = vma;
}

static void remove(struct mm_struct *mm, u32 i)
{
	mm->count--;
	for (; i < mm->count; i++)
		mm->vmas[i] = mm->vmas[i + 1];
}

static bool range_is_bad(u64 va, u64 len, u64 size)
{
	return (va | len) & (size - 1) || !len || va < MM_FIRST || va >= MM_END ||
	       len > MM_END - va;
}

static bool file_is_bad(const struct vm_area *vma)
{
	u64 pages = (vma->end - vma->start) / vma_page_size(vma);

	return vma->file->level != vma_level(vma) || vma->first > vma->file->count ||
	       pages > vma->file->count - vma->first;
}

/* Tables are freed only with their address space, so one left there is in a large page's way. */
static bool tables_in_the_way(struct mm_struct *mm, const struct vm_area *vma)
{
	for (u64 va = vma->start; vma->flags & VM_LARGE && va < vma->end; va += level_size(2)) {
		pte_t *entry = vma_entry(mm, vma, va, false);

		if (entry && *entry)
			return true;
	}
	return false;
}

int mm_map(struct mm_struct *mm, u64 va, u64 len, u32 flags, struct address_space *file, u64 n)
{
	struct vm_area vma = {
		.start = va, .end = va + len, .flags = flags, .file = file, .first = n
	};
	int err = 0;
	u32 i;

	if (flags & ~VM_FLAGS || range_is_bad(va, len, vma_page_size(&vma)) ||
	    (file && file_is_bad(&vma)))
		return -EINVAL;
	mutex_lock(&mm->lock);
	i = index_of(mm, va);
	if ((i < mm->count && mm->vmas[i].start < vma.end) || tables_in_the_way(mm, &vma))
		err = -EEXIST;
	else if (mm->count == MM_VMAS_MAX)
		err = -ENOMEM;
	else
		insert(mm, i, vma);
	mutex_unlock(&mm->lock);
	return err;
}

/* Cuts the ith range at `va`, which lies inside it. */
static void cut(struct mm_struct *mm, u32 i, u64 va)
{
	struct vm_area upper = mm->vmas[i];

	upper.first += (va - upper.start) / vma_page_size(&upper);
	upper.start = va;
	mm->vmas[i].end = va;
	insert(mm, i + 1, upper);
}

/* Returns the range that `va` lies inside, or NULL. */
static struct vm_area *vma_around(struct mm_struct *mm, u64 va)
{
	struct vm_area *vma = vma_find(mm, va);

	return vma && vma->start != va ? vma : NULL;
}

/* Cuts ranges where [va, va + len) begins and ends inside one. An error changes nothing. */
static int cut_ends(struct mm_struct *mm, u64 va, u64 len)
{
	const struct vm_area *low = vma_around(mm, va), *high = vma_around(mm, va + len);

	if ((low && va & (vma_page_size(low) - 1)) ||
	    (high && (va + len) & (vma_page_size(high) - 1)))
		return -EINVAL;
	if (low && low == high && mm->count == MM_VMAS_MAX) /* else a part goes for each cut */
		return -ENOMEM;
	if (high) /* first: a cut moves the ranges above it */
		cut(mm, (u32)(high - mm->vmas), va + len);
	if (low)
		cut(mm, (u32)(low - mm->vmas), va);
	return 0;
}

int mm_unmap(struct mm_struct *mm, u64 va, u64 len)
{
	int err;

	if (range_is_bad(va, len, PAGE_SIZE))
		return -EINVAL;
	mutex_lock(&mm->lock);
	err = cut_ends(mm, va, len);
	if (!err) {
		u32 i = index_of(mm, va);

		while (i < mm->count && mm->vmas[i].start < va + len) {
			zap_range(mm, &mm->vmas[i], mm->vmas[i].start, mm->vmas[i].end);
			remove(mm, i);
		}
	}
	mutex_unlock(&mm->lock);
	return err;
}

/*
 * Flushes before it notes a page: until then a CPU may write to it with D = 1 in its TLB, which
 * sets no D again, and writeback that comes in between would miss that.
 */
static void collect_dirty(struct mm_struct *mm, const struct vm_area *vma)
{
	for (u64 va = vma->start; va < vma->end; va += vma_page_size(vma)) {
		pte_t *entry = vma_entry(mm, vma, va, false), e = entry ? READ_ONCE(*entry) : 0;

		if ((e & (PTE_P | PTE_D)) != (PTE_P | PTE_D))
			continue;
		atomic_and(~PTE_D, entry);
		tlb_shootdown(va, level_pages(vma_level(vma)));
		set_page_dirty(pte_page(va, e, vma_level(vma)));
	}
}

void mm_sync(struct mm_struct *mm)
{
	mutex_lock(&mm->lock);
	for (u32 i = 0; i < mm->count; i++)
		if (mm->vmas[i].file)
			collect_dirty(mm, &mm->vmas[i]);
	mutex_unlock(&mm->lock);
}

struct thread *mm_thread(struct mm_struct *mm, const char *name, int (*fn)(void *), void *arg)
{
	struct thread *t = thread_prepare(name, fn, arg);

	if (!t)
		return NULL;
	t->cr3 = mm->us.root;
	t->mm = mm;
	thread_launch(t);
	return t;
}

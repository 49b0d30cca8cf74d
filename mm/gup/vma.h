/* SPDX-License-Identifier: MIT */
/*
 * User address spaces with ranges: private memory, which is zero at first, and files. Pages appear
 * when they are touched. `lock` is held over every change of a range or an entry and over every
 * walk that uses what it finds; only the CPU touches entries without it (A and D), and fault
 * reports read them. It may be held while TLBs are flushed, a file's lock or a guard's is taken.
 */
#ifndef KEYWARD_MM_GUP_VMA_H
#define KEYWARD_MM_GUP_VMA_H

#include "kernel/mutex.h"
#include "kernel/uspace.h"
#include "mm/gup/filemap.h"

#define MM_VMAS_MAX 64
#define MM_FIRST    0x10000000UL /* the lowest address that a range may have */

/* In an entry that is not present: the number of a block of swap stands where the address would. */
#define PTE_SWAP BIT(9)

enum vm_flags {
	VM_WRITE = 1, /* user mode may write; reading is always allowed */
	VM_LARGE = 2, /* pages of 2 MiB */
	VM_FLAGS = 3,
};

struct vm_area {
	u64 start, end;
	u32 flags;
	struct address_space *file; /* NULL: private memory, which fork shares until a write */
	u64 first;                  /* number of the file's page at `start` */
};

struct mm_struct {
	struct uspace us;
	struct mutex lock;
	u32 count;
	struct vm_area vmas[MM_VMAS_MAX + 2]; /* by address; two more while mm_unmap() cuts */
};
_Static_assert(sizeof(struct mm_struct) <= PAGE_SIZE, "an address space is one frame");

/* Creates an empty address space. NULL: no memory. Thread context. */
struct mm_struct *mm_create(void);

/*
 * Frees it with all that it maps; pinned pages stay until they are unpinned. No thread uses it any
 * more. Thread context.
 */
void mm_destroy(struct mm_struct *mm);

/*
 * Adds the range [va, va + len). With `file`, maps its pages from the nth on. -EINVAL: bad
 * alignment, flags or place, or a file with pages of another size or too few of them; -EEXIST: a
 * range is there already, or small pages were where a large one should be; -ENOMEM. Thread context.
 */
int mm_map(struct mm_struct *mm, u64 va, u64 len, u32 flags, struct address_space *file, u64 n);

/*
 * Removes all ranges and parts of ranges in [va, va + len), flushes every CPU and frees their
 * pages. -EINVAL: bad alignment, or it would cut a large page; -ENOMEM: one range too many would be
 * left. Then nothing has changed. Thread context.
 */
int mm_unmap(struct mm_struct *mm, u64 va, u64 len);

/* Passes on to the files which pages user mode has written, and flushes. Thread context. */
void mm_sync(struct mm_struct *mm);

/*
 * Starts a kernel thread with this address space, where it can use copy_from_user(). For one in
 * user mode: uspace_thread() with its `us`. NULL: no memory. Thread context.
 */
struct thread *mm_thread(struct mm_struct *mm, const char *name, int (*fn)(void *), void *arg);

/* The rest is for mm/gup, with the lock held. */

/* Returns the range that has `va`, or NULL. */
struct vm_area *vma_find(struct mm_struct *mm, u64 va);

static inline int vma_level(const struct vm_area *vma)
{
	return vma->flags & VM_LARGE ? 2 : 1;
}

static inline u64 vma_page_size(const struct vm_area *vma)
{
	return level_size(vma_level(vma));
}

/* Returns the entry for `va`; NULL: there is no table for it, and no memory if one is to be made.
 */
pte_t *vma_entry(struct mm_struct *mm, const struct vm_area *vma, u64 va, bool make);

/* The bits of an entry of the range that maps a private page, or a file's. */
static inline pte_t vma_prot(const struct vm_area *vma)
{
	return PTE_P | PTE_U | PTE_A | PTE_NX | (vma->flags & VM_WRITE ? PTE_W : 0) |
	       (vma->flags & VM_LARGE ? PTE_PS : 0);
}

static inline bool pte_is_swap(pte_t e)
{
	return (e & (PTE_P | PTE_SWAP)) == PTE_SWAP;
}

/* Removes the entries of part of a range: flushes every CPU, then gives up pages and blocks. */
void zap_range(struct mm_struct *mm, const struct vm_area *vma, u64 start, u64 end);

#endif

// SPDX-License-Identifier: MIT
#include "tests/gup/space.h"
#include "kernel/thread.h"
#include "mm/gup/uaccess.h"
#include "tests/harness/access.h"
#include "tests/harness/expect.h"

struct mm_struct *space_create(int level, u64 pages, struct address_space *file)
{
	struct mm_struct *mm = mm_create();
	u32 flags = level == 1 ? VM_WRITE : VM_WRITE | VM_LARGE;

	if (!EXPECT(mm))
		return NULL;
	if (EXPECT_EQ(mm_map(mm, range_at(level), pages * level_size(level), flags, file, 0), 0))
		return mm;
	mm_destroy(mm);
	return NULL;
}

struct access {
	u64 va, value, left; /* bytes that were not copied */
	bool write;
};

static int access_it(void *arg)
{
	struct access *a = arg;

	a->left = a->write ? copy_to_user(a->va, &a->value, sizeof(a->value))
			   : copy_from_user(&a->value, a->va, sizeof(a->value));
	return 0;
}

static struct access access_in(struct mm_struct *mm, struct access a)
{
	struct thread *t = mm_thread(mm, "access", access_it, &a);

	if (t)
		thread_join(t);
	else
		ktest_error("no memory for a thread");
	return a;
}

u64 space_peek(struct mm_struct *mm, u64 va)
{
	struct access a = access_in(mm, (struct access){ .va = va });

	EXPECT_EQ(a.left, 0);
	return a.value;
}

void space_poke(struct mm_struct *mm, u64 va, u64 value)
{
	struct access a = { .va = va, .value = value, .write = true };

	EXPECT_EQ(access_in(mm, a).left, 0);
}

bool space_reaches(struct mm_struct *mm, u64 va, bool write)
{
	struct access a = { .va = va, .write = write };

	return !access_in(mm, a).left;
}

struct page *space_page(struct mm_struct *mm, u64 va)
{
	const struct vm_area *vma;
	struct page *page = NULL;
	const pte_t *e = NULL;

	mutex_lock(&mm->lock);
	vma = vma_find(mm, va);
	if (vma)
		e = vma_entry(mm, vma, va, false);
	if (e && *e & PTE_P)
		page = pte_page(va, *e, vma_level(vma));
	mutex_unlock(&mm->lock);
	return page;
}

struct thread_end space_run(struct mm_struct *mm, void (*program)(u64), u64 arg)
{
	return run_in_user_mode(&mm->us, program, arg);
}

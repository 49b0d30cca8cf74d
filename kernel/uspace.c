// SPDX-License-Identifier: MIT
#include "kernel/uspace.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"

extern const char user_load[], user_start[], user_end[];
_Noreturn void user_enter(const struct regs *regs);

/* What a user thread runs; lies at the far end of its kernel stack until enter() has read it. */
struct user_start {
	void (*entry)(u64);
	u64 arg;
};

int uspace_map(struct uspace *us, u64 va, u64 phys, pte_t prot)
{
	return pgtable_map(us->root, va, phys, PAGE_SIZE, PTE_RO_DATA | PTE_U | prot, 1);
}

static int map_text(struct uspace *us)
{
	u64 phys = (u64)user_load - KERNEL_BASE, len = (u64)(user_end - user_start);

	return pgtable_map(us->root, USER_TEXT, phys, ALIGN_UP(len, PAGE_SIZE), PTE_TEXT | PTE_U,
			   1);
}

static int map_stack(struct uspace *us)
{
	for (u64 va = USER_STACK - USER_STACK_SIZE; va < USER_STACK; va += PAGE_SIZE) {
		struct page *page = page_alloc(0);

		if (!page)
			return -ENOMEM;
		if (uspace_map(us, va, page_to_phys(page), PTE_W)) {
			page_free(page, 0);
			return -ENOMEM;
		}
	}
	return 0;
}

int uspace_create(struct uspace *us)
{
	struct page *root = page_alloc(0);
	u64 *table;

	if (!root)
		return -ENOMEM;
	*us = (struct uspace){ .root = page_to_phys(root) };
	table = page_to_virt(root);
	memset(table, 0, PAGE_SIZE / 2);
	memcpy(table + 256, (u64 *)phys_to_virt(kernel_root) + 256, PAGE_SIZE / 2);
	if (map_text(us) || map_stack(us)) {
		uspace_destroy(us);
		return -ENOMEM;
	}
	return 0;
}

void uspace_destroy(struct uspace *us)
{
	struct pgwalk walk;

	for (u64 va = USER_STACK - USER_STACK_SIZE; va < USER_STACK; va += PAGE_SIZE)
		if (pgtable_walk(us->root, va, &walk))
			page_free(phys_to_page(walk.pa), 0);
	pgtable_free_user(us->root);
	us->root = 0;
}

/* Goes to user mode through a trap frame made here, with the initial rights. */
static int enter(void *arg)
{
	struct user_start *start = current_thread()->stack;
	struct regs regs = {
#if CONFIG_PKS
		.pkrs = PKRS_INIT,
#endif
		.rdi = start->arg,
		.rip = (u64)start->entry,
		.cs = SEL_USER_CS,
		.rflags = RFLAGS_FIXED | RFLAGS_IF,
		.rsp = USER_STACK - 8, /* as after a call */
		.ss = SEL_USER_DS,
	};

	(void)arg;
	irq_disable();
	user_enter(&regs);
}

struct thread *uspace_thread(struct uspace *us, const char *name, void (*entry)(u64), u64 arg)
{
	struct thread *t = thread_prepare(name, enter, NULL);
	struct user_start *start;

	if (!t)
		return NULL;
	start = t->stack;
	*start = (struct user_start){ entry, arg };
	t->cr3 = us->root;
	t->mm = us->mm;
	thread_launch(t);
	return t;
}

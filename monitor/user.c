// SPDX-License-Identifier: MIT
#include "monitor/user.h"
#include "kernel/syscall.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "tests/harness/access.h"

#define USER_CODE  __attribute__((section(".user.text"), noinline))
#define USER_ORDER (USER_TEXT + 0x100000) /* where the program finds its struct order */

struct order {
	u64 addr, value;
};

static inline __attribute__((always_inline, noreturn)) void user_exit(void)
{
	asm volatile("syscall" : : "a"(SYS_EXIT), "D"(0) : "rcx", "r11", "memory");
	__builtin_unreachable();
}

#define DEFINE_USER(bits)                                                   \
	USER_CODE static void user_load##bits(u64 at)                       \
	{                                                                   \
		volatile struct order *order = (volatile struct order *)at; \
                                                                            \
		order->value = *(const volatile u##bits *)order->addr;      \
		user_exit();                                                \
	}                                                                   \
	USER_CODE static void user_store##bits(u64 at)                      \
	{                                                                   \
		volatile struct order *order = (volatile struct order *)at; \
                                                                            \
		*(volatile u##bits *)order->addr = (u##bits)order->value;   \
		user_exit();                                                \
	}

DEFINE_USER(8)
DEFINE_USER(16)
DEFINE_USER(32)
DEFINE_USER(64)

static void (*const programs[2][4])(u64) = {
	{ user_load8, user_load16, user_load32, user_load64 },
	{ user_store8, user_store16, user_store32, user_store64 },
};

static void run(struct uspace *us, struct page *page, struct access *a)
{
	struct order *order = page_address(page);
	struct thread_end end;
	struct pgwalk walk;

	*order = (struct order){ a->addr, a->value };
	if (uspace_map(us, USER_ORDER, page_to_phys(page), PTE_W))
		return;
	end = run_in_user_mode(us, programs[a->write][__builtin_ctz(a->size)], USER_ORDER);
	a->fault = end.died ? end.fault : (struct fault){ .vector = FAULT_NONE };
	a->value = order->value;
	a->user_page = pgtable_walk(us->root, a->addr, &walk) && walk.user;
	a->made = true;
}

void user_make(struct access *a)
{
	struct page *page = page_alloc(0);
	struct uspace us;

	if (!page)
		return;
	if (!uspace_create(&us)) {
		run(&us, page, a);
		uspace_destroy(&us);
	}
	page_free(page, 0);
}

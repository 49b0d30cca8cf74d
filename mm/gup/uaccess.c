// SPDX-License-Identifier: MIT
/*
 * The copy itself runs with interrupts off and RFLAGS.AC set, which lifts SMAP (SDM Vol. 3A,
 * "Determination of Access Rights"), so that neither a thread switch nor an interrupt takes AC
 * along. A user page that is missing ends it; then the page is brought in, with interrupts on, and
 * that page's part is copied again.
 */
#include "mm/gup/uaccess.h"
#include "kernel/cpu/extable.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "kernel/cpu/x86.h"
#include "kernel/thread.h"
#include "mm/gup/fault.h"

/* Returns true if all was copied; else *fault is the address that could not be accessed. */
static bool copy_some(void *to, const void *from, u64 n, u64 *fault)
{
	u64 flags = irq_save(), vector = FAULT_NONE;
	bool smap = read_cr4() & CR4_SMAP;

	if (smap)
		asm volatile("stac" : : : "memory", "cc");
	asm volatile("1: rep movsb\n2:\n" EXTABLE("1b", "2b", "%c[die]") /* RCX: the address */
		     : "+a"(vector), "+c"(n), "+D"(to), "+S"(from)
		     : [die] "i"(EX_DIE)
		     : "rdx", "memory");
	if (smap)
		asm volatile("clac" : : : "memory", "cc");
	irq_restore(flags);
	*fault = n;
	return vector == FAULT_NONE;
}

static bool bring_in(struct mm_struct *mm, u64 va, bool write)
{
	int err;

	mutex_lock(&mm->lock);
	err = handle_mm_fault(mm, va, write);
	mutex_unlock(&mm->lock);
	return !err;
}

/* `user` is the user's side, and `write` says that it is the target. */
static u64 copy_user(char *to, const char *from, u64 user, u64 n, bool write)
{
	struct mm_struct *mm = current_thread()->mm;

	if (!mm || user >= USER_END || n > USER_END - user)
		return n;
	while (n) {
		u64 some = MIN(n, PAGE_SIZE - (user & (PAGE_SIZE - 1)));
		u64 fault;

		if (copy_some(to, from, some, &fault)) {
			to += some;
			from += some;
			user += some;
			n -= some;
		} else if (fault - user >= some || !bring_in(mm, fault, write)) {
			break; /* the kernel's side, or nothing to bring in */
		}
	}
	return n;
}

u64 copy_from_user(void *to, u64 from, u64 n)
{
	return copy_user(to, (const char *)from, from, n, false);
}

u64 copy_to_user(u64 to, const void *from, u64 n)
{
	return copy_user((char *)to, from, to, n, true);
}

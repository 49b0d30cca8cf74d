// SPDX-License-Identifier: MIT
/*
 * Returns to user addresses that are not canonical. IRET would fault in the kernel, with the user's
 * GS, on CPUs that check it there; QEMU does not.
 */
#define KTEST_SUITE "user"

#include "kernel/exception.h"
#include "kernel/lib/string.h"
#include "kernel/syscall.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "tests/harness/access.h"
#include "tests/harness/inject.h"
#include "tests/harness/user.h"

static u64 bad_rip; /* what a hook puts into a user frame */

static bool change_rip(struct regs *regs)
{
	if (regs_user(regs))
		regs->rip = bad_rip;
	return true;
}

static bool nmi_after_step(struct regs *regs)
{
	if (regs_user(regs))
		nmi_at_iret(change_rip);
	return true;
}

/* Ends a program by a return to bad_rip: the CPU would refuse it with a #GP in the kernel. */
static void expect_death_at(struct uspace *us, void (*program)(u64), u64 rip)
{
	struct thread_end end = run_in_user_mode(us, program, 10);

	EXPECT(end.died);
	EXPECT_EQ(end.fault.vector, X86_PF);
	EXPECT_EQ(end.fault.addr, rip);
	EXPECT_EQ(end.rip, rip);
	EXPECT_EQ(end.fault.error & ~(u64)PF_P & ~(u64)PF_I, PF_U);
	EXPECT(cpus[this_cpu()->id] == this_cpu());
}

/* By each exit to user mode: of an exception, a #DB and an NMI. */
static void a_return_to_a_bad_address_kills_only_its_program(void)
{
	/* Beyond user mode's half with 4 levels of paging, beyond it with 5, and in between. */
	static const u64 rips[] = { 1UL << 47, 1UL << 56 | 1UL << 47, 0x8000ffffffffff00,
				    0xff7fffffffffff00, 0x7fff800000000000 };
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	for (u32 i = 0; i < ARRAY_SIZE(rips); i++) {
		u64 canonical = rips[i] | 0xffffUL << 48;

		bad_rip = rips[i];
		trap_hook_set(X86_BP, change_rip);
		expect_death_at(&us, user_call_and_break, canonical);
		trap_hook_set(X86_BP, NULL);
		trap_hook_set(X86_DB, change_rip);
		expect_death_at(&us, user_step, canonical);
		trap_hook_set(X86_DB, nmi_after_step);
		expect_death_at(&us, user_step, canonical);
		trap_hook_set(X86_DB, NULL);
		trap_hook_set(X86_NMI, NULL);
	}
	uspace_destroy(&us);
}
KTEST(a_return_to_a_bad_address_kills_only_its_program, KT_ONE_CPU);

/* SYSCALL as the last instruction below 2^47: with 4 levels its return address is not canonical. */
static void a_system_call_at_the_end_of_user_mode_kills_only_its_program(void)
{
	static const u8 load_number[] = { 0xb8, SYS_YIELD, 0, 0, 0 }, call[] = { 0x0f, 0x05 };
	u64 va = USER_END - PAGE_SIZE;
	struct page *page = page_alloc(0);
	struct uspace us;
	u8 *text;

	REQUIRE(page && !uspace_create(&us));
	text = page_address(page);
	memset(text, 0x90, PAGE_SIZE); /* NOP */
	memcpy(text, load_number, sizeof(load_number));
	memcpy(text + PAGE_SIZE - sizeof(call), call, sizeof(call));
	if (EXPECT(!pgtable_map(us.root, va, page_to_phys(page), PAGE_SIZE, PTE_TEXT | PTE_U, 1)))
		expect_death_at(&us, (void (*)(u64))va, USER_END | 0xffffUL << 48);
	uspace_destroy(&us);
	page_free(page, 0);
}
KTEST(a_system_call_at_the_end_of_user_mode_kills_only_its_program, KT_STRESS);

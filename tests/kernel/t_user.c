// SPDX-License-Identifier: MIT
/*
 * IA32_PKRS does not restrict user mode, and a system call is a context like any other. What this
 * cannot know: PKU, which the kernel leaves off (CR4.PKE = 0).
 */
#define KTEST_SUITE "user"

#include "kernel/exception.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "kernel/uspace.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"
#include "tests/harness/access.h"
#include "tests/harness/fixture.h"
#include "tests/harness/user.h"

#define USER_PAGE 0x10000000UL

/* Runs the program in a thread of the address space `us` and returns how it ended. */
static struct thread_end run_user(struct uspace *us, void (*program)(u64), u64 arg)
{
	struct thread *t = uspace_thread(us, "user", program, arg);

	if (!EXPECT(t))
		return (struct thread_end){ .died = true, .why = "never began" };
	return thread_join(t);
}

static void expect_code(struct thread_end end, int code)
{
	EXPECT(!end.died);
	EXPECT_EQ(end.code, code);
}

/* U/S = 1 on every level makes a user-mode address, whatever key its entry has. */
static void a_denied_key_means_nothing_to_user_mode(void)
{
	struct page *page = page_alloc(0);
	struct uspace us;

	REQUIRE(page && !uspace_create(&us));
	policy_mode_set(PKS_MODE_STRICT);
	*(u32 *)page_address(page) = 77;
	EXPECT_EQ(
		uspace_map(&us, USER_PAGE, page_to_phys(page), pte_with_key(PTE_W, PKS_KEY_DEVMAP)),
		0);
	expect_code(run_user(&us, user_read, USER_PAGE), 77);
	expect_code(run_user(&us, user_write, USER_PAGE), 0);
	EXPECT_EQ(*(u32 *)page_address(page), 1);
	uspace_destroy(&us);
	page_free(page, 0);
}
KTEST(a_denied_key_means_nothing_to_user_mode, KT_PKS | KT_STRESS);

/* U/S = 0 refuses user mode under every pks= mode. Sources dispute whether PK is set: not checked.
 */
static void user_mode_cannot_reach_kernel_pages(void)
{
	void (*const programs[])(u64) = { user_read, user_write };
	struct prot_page p;
	struct uspace us;

	if (!EXPECT(!uspace_create(&us)) || !prot_page_get(&p, PKS_KEY_DEVMAP))
		return;
	kmap(p.page);
	for (u32 i = 0; i < 2 * PKS_MODES; i++) {
		u64 before = pks_stats.pardons;
		struct thread_end end;

		policy_set(i / 2, PKS_GATE_ANY);
		end = run_in_user_mode(&us, programs[i & 1], (u64)p.va);
		EXPECT(end.died);
		end.fault.error &= ~(u64)PF_PK;
		EXPECT_PAGE_FAULT(end.fault, PF_P | PF_U | (i & 1 ? PF_W : 0), p.va,
				  "U/S = 0: no user-mode access");
		EXPECT_EQ(pks_stats.pardons - before, 0);
		EXPECT_EQ(end.fault.pkrs, PKRS_INIT);
	}
	kunmap(p.page);
	prot_page_put(&p);
	uspace_destroy(&us);
}
KTEST(user_mode_cannot_reach_kernel_pages, KT_PKS);

static void an_unknown_system_call_is_an_error(void)
{
	static const u64 numbers[] = { SYS_TEST, SYS_TEST + 1, 0x80000000, ~0ULL, 1ULL << 63 };
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) /* SYS_TEST has no hook here */
		expect_code(run_user(&us, user_bad_call, numbers[i]), -EINVAL);
	uspace_destroy(&us);
}
KTEST(an_unknown_system_call_is_an_error, KT_STRESS);

#define SLEEP_NS 3000000ULL

static u64 seven(u64 arg)
{
	(void)arg;
	return 7;
}

/* With a hook set, so that no other call's result looks like theirs. */
static void a_program_yields_and_sleeps_as_it_says(void)
{
	struct uspace us;
	u64 begin;

	REQUIRE(!uspace_create(&us));
	syscall_test_hook_set(seven);
	begin = now_ns();
	expect_code(run_user(&us, user_sleep, SLEEP_NS), 0);
	EXPECT(now_ns() - begin >= SLEEP_NS);
	expect_code(run_user(&us, user_yield, 5), 0); /* one that slept would not end */
	syscall_test_hook_set(NULL);
	uspace_destroy(&us);
}
KTEST(a_program_yields_and_sleeps_as_it_says, KT_STRESS);

static u64 grant_and_keep(u64 arg)
{
	EXPECT_RIGHTS(PKRS_INIT);
	if (arg & 1)
		thread_yield();
	pks_grant(KEY_A + (u32)arg % 3, PKS_WRITE);
	thread_yield();
	EXPECT_RIGHTS(WITH_KEY(KEY_A + (u32)arg % 3));
	return arg;
}

static void a_system_call_starts_with_the_initial_rights(void)
{
	struct thread *t[2];
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	syscall_test_hook_set(grant_and_keep);
	for (u32 i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = uspace_thread(&us, "user", user_test_calls, 10);
	rights_set(0);
	for (u32 i = 0; i < ARRAY_SIZE(t); i++)
		if (EXPECT(t[i]))
			expect_code(thread_join(t[i]), 45);
	EXPECT_RIGHTS(0);
	syscall_test_hook_set(NULL);
	uspace_destroy(&us);
}
KTEST(a_system_call_starts_with_the_initial_rights, KT_PKS | KT_STRESS);

static bool look_at_user(struct regs *regs)
{
	EXPECT(regs_user(regs));
	EXPECT_EQ(regs_pkrs(regs), PKRS_INIT);
	EXPECT_RIGHTS(PKRS_INIT);
	return true;
}

/* A grant that a system call leaves open has ended when user mode goes on. */
static void a_system_call_leaves_user_mode_no_rights(void)
{
	trap_hook_t before = trap_hook_set(X86_BP, look_at_user);
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	syscall_test_hook_set(grant_and_keep);
	expect_code(run_user(&us, user_call_and_break, 1), 1);
	syscall_test_hook_set(NULL);
	trap_hook_set(X86_BP, before);
	uspace_destroy(&us);
}
KTEST(a_system_call_leaves_user_mode_no_rights, KT_PKS | KT_STRESS);

static struct prot_page lent; /* the page that a test's system calls access */

static u64 be_pardoned(u64 arg)
{
	u64 before = pks_stats.pardons;

	EXPECT_DENIED(&lent);
	EXPECT_NO_FAULT(policy_write(lent.va), "pardoned");
	EXPECT_ACCESSIBLE(&lent);
	EXPECT_EQ(pks_stats.pardons - before, 1);
	return arg;
}

static void a_pardon_ends_with_its_system_call(void)
{
	struct uspace us;

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!EXPECT(!uspace_create(&us)) || !prot_page_get(&lent, PKS_KEY_DEVMAP))
		return;
	kmap(lent.page);
	syscall_test_hook_set(be_pardoned);
	expect_code(run_user(&us, user_test_calls, 5), 10);
	syscall_test_hook_set(NULL);
	kunmap(lent.page);
	prot_page_put(&lent);
	uspace_destroy(&us);
}
KTEST(a_pardon_ends_with_its_system_call, KT_PKS | KT_STRESS);

static u64 die_of_a_key(u64 arg)
{
	(void)arg;
	return *lent.va;
}

/* A refused access in a system call kills the thread and nothing else. */
static void a_refused_system_call_kills_its_thread(void)
{
	struct thread_end end;
	struct uspace us;

	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	if (!EXPECT(!uspace_create(&us)) || !prot_page_get(&lent, PKS_KEY_DEVMAP))
		return;
	syscall_test_hook_set(die_of_a_key);
	end = run_in_user_mode(&us, user_test_call, 0);
	EXPECT(end.died);
	EXPECT_PAGE_FAULT(end.fault, PF_P | PF_PK, lent.va, "STRICT refuses");
	syscall_test_hook_set(grant_and_keep);
	expect_code(run_user(&us, user_test_call, 4), 4); /* the address space still works */
	syscall_test_hook_set(NULL);
	prot_page_put(&lent);
	uspace_destroy(&us);
}
KTEST(a_refused_system_call_kills_its_thread, KT_PKS | KT_STRESS);

static void a_user_fault_kills_its_thread_alone(void)
{
	struct thread *other;
	struct thread_end end;
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	other = uspace_thread(&us, "other", user_yield, 50);
	end = run_in_user_mode(&us, user_write, USER_PAGE);
	EXPECT(end.died);
	EXPECT_PAGE_FAULT(end.fault, PF_W | PF_U, USER_PAGE, "P = 0");
	if (EXPECT(other))
		expect_code(thread_join(other), 0);
	end = run_in_user_mode(&us, user_write, USER_TEXT);
	EXPECT_PAGE_FAULT(end.fault, PF_P | PF_W | PF_U, USER_TEXT, "R/W = 0");
	uspace_destroy(&us);
}
KTEST(a_user_fault_kills_its_thread_alone, KT_STRESS);

// SPDX-License-Identifier: MIT
/*
 * The machine after boot: every protection that CPUID reports is on, and supervisor mode cannot
 * access user pages. What this cannot know: whether CPUID lies.
 */
#define KTEST_SUITE "machine"

#include "kernel/cpu/context.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/debug.h"
#include "kernel/cpu/pat.h"
#include "kernel/lib/config.h"
#include "kernel/lib/options.h"
#include "kernel/syscall.h"
#include "kernel/uspace.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "pks/pkrs.h"
#include "tests/harness/access.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"

/* CR4 enables a protection if and only if the CPU has it. */
static void protections_are_on(void)
{
	u64 cr0 = read_cr0(), cr4 = read_cr4(), efer = rdmsr(MSR_EFER);

	EXPECT(cr0 & CR0_WP);
	EXPECT(efer & EFER_NXE);
	EXPECT_EQ(!!(cr4 & CR4_SMEP), cpu_has(FEATURE_SMEP));
	EXPECT_EQ(!!(cr4 & CR4_SMAP), cpu_has(FEATURE_SMAP));
	EXPECT_EQ(!!(cr4 & CR4_UMIP), cpu_has(FEATURE_UMIP));
	EXPECT_EQ(!!(cr4 & CR4_PGE), cpu_has(FEATURE_PGE));
	EXPECT_EQ(!!(cr4 & CR4_MCE), cpu_has(FEATURE_MCE));
}
KTEST(protections_are_on, 0);

/* PWT alone selects write-combining. All CPUs must agree: this runs on any of them. */
static void one_memory_type_is_write_combining(void)
{
	SKIP_IF(!cpu_has(FEATURE_PAT), "this CPU has no PAT");
	EXPECT_EQ(rdmsr(MSR_PAT) >> 8 & 0xff, 1);
	EXPECT_EQ(rdmsr(MSR_PAT), 0x0007040600070106);
	EXPECT_EQ(pat_write_combining() & (PTE_PWT | PTE_PCD), PTE_PWT);
}
KTEST(one_memory_type_is_write_combining, 0);

static void pks_is_on_if_cpuid_and_mode_say_so(void)
{
	bool on = CONFIG_PKS && cpu_has(FEATURE_PKS) && options.policy.mode != PKS_MODE_OFF;

	EXPECT_EQ(pks_on(), CONFIG_PKS && cpu_has(FEATURE_PKS));
	EXPECT_EQ(!!(read_cr4() & CR4_PKS), on);
}
KTEST(pks_is_on_if_cpuid_and_mode_say_so, 0);

/* A new thread's rights: key 0 open, devmap closed, read-only data readable. */
static void a_thread_starts_with_the_initial_rights(void)
{
	EXPECT_EQ(rights_now(), 0xffffffec);
}
KTEST(a_thread_starts_with_the_initial_rights, KT_PKS);

/* A CPU without keys ignores bits 62:59 of an entry. */
static void a_cpu_without_keys_ignores_the_key_bits(void)
{
	struct page *page = window_page(0);
	u64 value;

	REQUIRE(page);
	if (cpu_has(FEATURE_PKS)) {
		ktest_skip("this CPU has keys");
	} else if (window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA | window_key(15), 1)) {
		EXPECT_NO_FAULT(probe_write((void *)WINDOW, 7), "without keys nothing is denied");
		EXPECT_NO_FAULT(probe_read((void *)WINDOW, &value),
				"without keys nothing is denied");
		EXPECT_EQ(value, 7);
	}
	window_clear();
	page_free(page, 0);
}
KTEST(a_cpu_without_keys_ignores_the_key_bits, 0);

static u64 debugctl(void)
{
	u64 value = 0;

	probe_rdmsr(MSR_DEBUGCTL, &value); /* a CPU without it cannot have bits set there */
	return value;
}

/* Checks DR7 and IA32_DEBUGCTL, writes all three as a firmware might leave them, and starts anew.
 */
static void check_debug_registers(void *arg)
{
	u64 flags = irq_save();

	(void)arg;
	EXPECT_EQ(read_dr7(), DR7_INIT);
	EXPECT_EQ(debugctl(), 0);
	write_dr7(DR7_INIT | 3 << 8 | 1 << 2); /* a breakpoint at the linear address in DR1 */
	write_dr6(DR6_INIT | DR6_BS | 0xf);
	probe_wrmsr(MSR_DEBUGCTL, 2); /* BTF */
	debug_init_cpu();
	EXPECT_EQ(read_dr6(), DR6_INIT);
	EXPECT_EQ(read_dr7(), DR7_INIT);
	EXPECT_EQ(debugctl(), 0);
	irq_restore(flags);
}

static void no_cpu_keeps_the_firmwares_debug_registers(void)
{
	percpu_run_on(cpus[cpu_count - 1], check_debug_registers, NULL);
	percpu_run_on(cpus[0], check_debug_registers, NULL);
}
KTEST(no_cpu_keeps_the_firmwares_debug_registers, 0);

#define USER_VA 0x10000000UL

static int read_user_page(void *arg)
{
	*(struct fault *)arg = probe_read((void *)USER_VA, &(u64){ 0 });
	return 0;
}

/* Maps a user page that holds a RET, and calls `look` with its address space. */
static void supervisor_and_user_page(void (*look)(u64 root))
{
	struct page *page = window_page(0);
	struct uspace us;

	REQUIRE(page);
	REQUIRE(!uspace_create(&us));
	*(u8 *)page_address(page) = 0xc3; /* RET */
	if (EXPECT(!pgtable_map(us.root, USER_VA, page_to_phys(page), PAGE_SIZE, PTE_TEXT | PTE_U,
				1)))
		look(us.root);
	uspace_destroy(&us);
	page_free(page, 0);
}

static void look_smap(u64 root)
{
	struct fault f = { 0 };

	EXPECT(!run_in_space(root, read_user_page, &f).died);
	EXPECT_PAGE_FAULT(f, PF_P, USER_VA, "SMAP: no supervisor access to a user-mode address");
}

static void smap_denies_user_pages(void)
{
	SKIP_IF(!cpu_has(FEATURE_SMAP), "this CPU has no SMAP");
	supervisor_and_user_page(look_smap);
}
KTEST(smap_denies_user_pages, 0);

static void look_smep(u64 root)
{
	EXPECT_PAGE_FAULT(probe_fetch(root, (void *)USER_VA), PF_P | PF_I, USER_VA,
			  "SMEP: no supervisor fetch from a user-mode address");
}

static void smep_denies_fetches_from_user_pages(void)
{
	SKIP_IF(!cpu_has(FEATURE_SMEP), "this CPU has no SMEP");
	supervisor_and_user_page(look_smep);
}
KTEST(smep_denies_fetches_from_user_pages, 0);

__attribute__((section(".user.text"), noinline)) static void user_sgdt(u64 arg)
{
	u8 descriptor[10];

	(void)arg;
	asm volatile("sgdt %0" : "=m"(descriptor));
	asm volatile("syscall" : : "a"(SYS_EXIT), "D"(0) : "rcx", "r11", "memory");
}

static void umip_denies_sgdt_in_user_mode(void)
{
	struct uspace us;
	struct thread_end end;

	SKIP_IF(!cpu_has(FEATURE_UMIP), "this CPU has no UMIP");
	REQUIRE(!uspace_create(&us));
	end = run_in_user_mode(&us, user_sgdt, 0);
	EXPECT(end.died);
	EXPECT_VECTOR(end.fault, X86_GP, 0, "UMIP: SGDT is not for user mode");
	uspace_destroy(&us);
}
KTEST(umip_denies_sgdt_in_user_mode, 0);

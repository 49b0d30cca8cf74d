// SPDX-License-Identifier: MIT
/*
 * User keys beside supervisor keys: PKRU is another register, with its own instructions and CR4
 * bit. The kernel does not use them; each test sets CR4.PKE while it runs. What this cannot know:
 * XSAVE, whose state includes PKRU and not IA32_PKRS (t_matrix_xstate.c).
 */
#define KTEST_SUITE "matrix"

#include "kernel/cpu/cpuid.h"
#include "kernel/lib/random.h"
#include "kernel/syscall.h"
#include "tests/harness/access.h"
#include "tests/harness/pke.h"
#include "tests/harness/probe.h"
#include "tests/matrix/matrix_rule.h"

/*
 * Both bits of key 0. By the rules PKRU does not affect the kernel; but a machine on which it does
 * must fail only the test of that rule and survive the others.
 */
#define KEY_0 3u

static u32 random_rights(void)
{
	return (u32)random_next() & ~KEY_0;
}

#define USER_CODE __attribute__((section(".user.text"), noinline)) static
#define EXIT                     \
	"mov %[exit], %%eax\n\t" \
	"syscall"

USER_CODE void user_rdpkru(u64 unused)
{
	(void)unused;
	asm volatile("rdpkru\n\t" EXIT
		     :
		     : "a"(0), "c"(0), "d"(0), "D"(0), [exit] "i"(SYS_EXIT)
		     : "r11", "memory");
}

USER_CODE void user_wrpkru(u64 pkru)
{
	asm volatile("wrpkru\n\t" EXIT
		     :
		     : "a"((u32)pkru), "c"(0), "d"(0), "D"(0), [exit] "i"(SYS_EXIT)
		     : "r11", "memory");
}

static void pku_instructions_need_cr4_pke(void)
{
	struct rule_tally r =
		RULE("WRPKRU", "RDPKRU and WRPKRU with CR4.PKE = 0 are #UD, at any CPL");
	void (*const programs[])(u64) = { user_rdpkru, user_wrpkru };
	u64 rax = 0, rdx = 0;
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	EXPECT(!(read_cr4() & CR4_PKE));
	RULE_FAULT(&r, probe_rdpkru(0, &rax, &rdx), FAULT_UD, true, "RDPKRU");
	RULE_FAULT(&r, probe_wrpkru(0, 0, 0), FAULT_UD, true, "WRPKRU of 0");
	RULE_FAULT(&r, probe_wrpkru(~0u, 0, 0), FAULT_UD, true, "WRPKRU of ffffffff");
	for (u32 i = 0; i < ARRAY_SIZE(programs); i++) {
		struct thread_end end = run_in_user_mode(&us, programs[i], 0);

		RULE_FAULT(&r, end.died ? end.fault : NO_FAULT, FAULT_UD, true, "%s at CPL 3",
			   i ? "WRPKRU" : "RDPKRU");
	}
	uspace_destroy(&us);
	rule_report(&r);
}
KTEST(pku_instructions_need_cr4_pke, 0);

/* Tries both instructions with this RCX: they must fault unless its lower half is 0. */
static void try_rcx(struct rule_tally *r, u64 rcx)
{
	u32 before = random_rights(), new = ~before & ~KEY_0, after;
	u64 rax = ~0ULL, rdx = ~0ULL;
	struct fault want = (u32)rcx ? FAULT_GP : NO_FAULT, f;

	probe_wrpkru(before, 0, 0);
	f = probe_rdpkru(rcx, &rax, &rdx);
	RULE_FAULT(r, f, want, (u32)rcx || (rax == before && rdx == 0), "RDPKRU, RCX = %016lx",
		   rcx);
	f = probe_wrpkru(new, rcx, 0);
	after = pkru_now();
	RULE_FAULT(r, f, want, after == ((u32)rcx ? before : new), "WRPKRU, RCX = %016lx", rcx);
}

static void pku_instructions_need_ecx_0(void)
{
	struct rule_tally r =
		RULE("WRPKRU", "RDPKRU and WRPKRU with ECX other than 0 are #GP(0) and change "
			       "nothing; the upper half of RCX is ignored");
	struct pke_saved saved;

	SKIP_IF(!cpu_has(FEATURE_PKU), NO_PKU);
	saved = pke_begin();
	for (u32 bit = 0; bit < 64; bit++)
		try_rcx(&r, BIT(bit));
	try_rcx(&r, 0xffffffff);
	try_rcx(&r, ~0ULL << 32);
	for (u32 i = 0; i < 64; i++)
		try_rcx(&r, random_next());
	pke_end(saved);
	rule_report(&r);
}
KTEST(pku_instructions_need_ecx_0, 0);

static void try_rdx_rax(struct rule_tally *r, u64 rdx, u64 rax)
{
	u32 before = (u32)~rax & ~KEY_0, after;
	struct fault f;

	probe_wrpkru(before, 0, 0);
	f = probe_wrpkru(rax, 0, rdx);
	after = pkru_now();
	RULE_FAULT(r, f, (u32)rdx ? FAULT_GP : NO_FAULT, after == ((u32)rdx ? before : (u32)rax),
		   "WRPKRU over %08x, RDX = %016lx, RAX = %016lx", before, rdx, rax);
}

static void wrpkru_needs_edx_0(void)
{
	struct rule_tally r =
		RULE("WRPKRU", "WRPKRU with EDX other than 0 is #GP(0) and changes nothing; "
			       "the upper halves of RAX and RDX are ignored");
	struct pke_saved saved;

	SKIP_IF(!cpu_has(FEATURE_PKU), NO_PKU);
	saved = pke_begin();
	for (u32 bit = 0; bit < 64; bit++) {
		try_rdx_rax(&r, BIT(bit), random_rights());
		try_rdx_rax(&r, 0, BIT(bit) & ~(u64)KEY_0);
	}
	try_rdx_rax(&r, 0xffffffff, 0);
	try_rdx_rax(&r, ~0ULL << 32, ~(u64)KEY_0);
	for (u32 i = 0; i < 64; i++)
		try_rdx_rax(&r, random_next(), random_next() & ~(u64)KEY_0);
	pke_end(saved);
	rule_report(&r);
}
KTEST(wrpkru_needs_edx_0, 0);

/* Opens key 0 again at once, so that a machine on which PKRU rules the kernel survives. */
static void try_pkru(struct rule_tally *r, u32 value)
{
	u64 rax = value, rdx = 0, read_rax, read_rdx;

	asm volatile("wrpkru\n\t"
		     "mov $-1, %%rax\n\t"
		     "mov %%rax, %%rdx\n\t"
		     "rdpkru\n\t"
		     "mov %%rax, %[read_rax]\n\t"
		     "mov %%rdx, %[read_rdx]\n\t"
		     "test %[key_0], %[value]\n\t"
		     "jz 1f\n\t"
		     "xor %%eax, %%eax\n\t"
		     "xor %%edx, %%edx\n\t"
		     "wrpkru\n"
		     "1:"
		     : "+a"(rax), "+d"(rdx), [read_rax] "=&r"(read_rax), [read_rdx] "=&r"(read_rdx)
		     : "c"(0), [value] "r"(value), [key_0] "i"(KEY_0)
		     : "memory", "cc");
	RULE_CASE(r, read_rax == value && read_rdx == 0,
		  "wrote %08x, read RAX = %016lx and RDX = %016lx", value, read_rax, read_rdx);
}

static void pkru_reads_back(void)
{
	struct rule_tally r =
		RULE("RDPKRU", "RDPKRU gives the 32 bits that WRPKRU wrote, and clears EDX");
	struct pke_saved saved;

	SKIP_IF(!cpu_has(FEATURE_PKU), NO_PKU);
	saved = pke_begin();
	rule_patterns(&r, try_pkru);
	pke_end(saved);
	rule_report(&r);
}
KTEST(pkru_reads_back, 0);

static void try_both(struct rule_tally *r, u32 pkrs, u32 pkru)
{
	u32 pkrs_after, pkru_after;

	rights_put(pkrs);
	probe_wrpkru(pkru, 0, 0);
	pkrs_after = (u32)rdmsr(MSR_IA32_PKRS);
	RULE_CASE(r, pkrs_after == pkrs, "IA32_PKRS was %08x, is %08x after WRPKRU of %08x", pkrs,
		  pkrs_after, pkru);
	rights_put(~pkrs & ~KEY_0);
	pkru_after = pkru_now();
	RULE_CASE(r, pkru_after == pkru, "PKRU was %08x, is %08x after WRMSR of %08x", pkru,
		  pkru_after, ~pkrs & ~KEY_0);
}

static void pkru_and_pkrs_do_not_change_each_other(void)
{
	struct rule_tally r =
		RULE("Protection Keys", "WRPKRU does not change IA32_PKRS, and WRMSR of "
					"IA32_PKRS does not change PKRU");
	struct rights_saved rights;
	struct pke_saved saved;

	SKIP_IF(!cpu_has(FEATURE_PKU), NO_PKU);
	rights = rights_begin();
	saved = pke_begin();
	for (u32 bit = 2; bit < 32; bit++) {
		try_both(&r, 1u << bit, ~(1u << bit) & ~KEY_0);
		try_both(&r, ~(1u << bit) & ~KEY_0, 1u << bit);
	}
	for (u32 i = 0; i < 1024; i++)
		try_both(&r, random_rights(), random_rights());
	pke_end(saved);
	rights_end(rights);
	rule_report(&r);
}
KTEST(pkru_and_pkrs_do_not_change_each_other, KT_PKS);

// SPDX-License-Identifier: MIT
/*
 * What the matrix of accesses takes for granted: IA32_PKRS exists if and only if CPUID says so,
 * keeps what is written, and is for supervisors alone. What this cannot know: what INIT and
 * SMIs do to the register (t_matrix_init.c, t_matrix_smi.c), and what another logical processor
 * sees of it (nothing: each has its own).
 */
#define KTEST_SUITE "matrix"

#include "kernel/cpu/cpuid.h"
#include "kernel/lib/random.h"
#include "kernel/syscall.h"
#include "pks/pkrs.h"
#include "tests/harness/access.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"
#include "tests/matrix/matrix_rule.h"

#define KEY_0 3u /* both bits of key 0, the kernel's own */

/* Tries WRMSR of `high` with several low halves, which all leave key 0 open if `safe`. */
static void try_high_half(struct rule_tally *r, u32 high, bool safe)
{
	u32 before = (u32)random_next() & ~KEY_0, mask = safe ? KEY_0 : 0;
	const u32 lows[] = { 0, before, ~before & ~mask, ~mask, (u32)random_next() & ~mask };

	rights_put(before);
	for (u32 i = 0; i < ARRAY_SIZE(lows); i++) {
		u64 value = (u64)high << 32 | lows[i], after;
		struct fault f = probe_wrmsr(MSR_IA32_PKRS, value);

		after = rdmsr(MSR_IA32_PKRS);
		rights_put(before); /* a machine that took it must not keep it */
		RULE_FAULT(r, f, FAULT_GP, after == before, "WRMSR of %016lx over %08x", value,
			   before);
	}
}

static void pkrs_high_bits_are_reserved(void)
{
	struct rule_tally r =
		RULE("Protection Keys",
		     "WRMSR of IA32_PKRS with any of bits 63:32 set is #GP(0) and changes "
		     "nothing");

	for (int on = 0; on < 2; on++) {
		struct rights_saved saved;

		policy_mode_set(on ? PKS_MODE_STRICT : PKS_MODE_OFF);
		saved = rights_begin();
		for (u32 bit = 0; bit < 32; bit++) {
			try_high_half(&r, 1u << bit, on);
			try_high_half(&r, (u32)random_next() | 1u << bit, on);
		}
		try_high_half(&r, ~0u, on);
		rights_end(saved);
	}
	rule_report(&r);
}
KTEST(pkrs_high_bits_are_reserved, KT_PKS);

/*
 * Writes the register and reads it back. If the value denies key 0, a second WRMSR opens key 0 at
 * once; in between the code accesses no memory, as none of the kernel's data is accessible (fetches
 * are free). The mirror has from the start what the last WRMSR writes. An NMI in between would be
 * fatal: none is sent here.
 */
static void try_value(struct rule_tally *r, u32 value)
{
	u64 flags = irq_save(), rax = value, rdx = 0, read_rax, read_rdx;
	u32 last = value & KEY_0 ? ALL_DENIED : value;

	this_cpu()->pkrs = last;
	asm volatile("wrmsr\n\t"
		     "mov $-1, %%rax\n\t" /* RDMSR clears the upper halves of RAX and RDX */
		     "mov %%rax, %%rdx\n\t"
		     "rdmsr\n\t"
		     "mov %%rax, %[read_rax]\n\t"
		     "mov %%rdx, %[read_rdx]\n\t"
		     "mov %[last], %%eax\n\t"
		     "cmp %[value], %%eax\n\t"
		     "je 1f\n\t"
		     "xor %%edx, %%edx\n\t"
		     "wrmsr\n"
		     "1:"
		     : "+a"(rax), "+d"(rdx), [read_rax] "=&r"(read_rax), [read_rdx] "=&r"(read_rdx)
		     : "c"(MSR_IA32_PKRS), [last] "r"(last), [value] "r"(value)
		     : "memory", "cc");
	irq_restore(flags);
	RULE_CASE(r, read_rax == value && read_rdx == 0,
		  "wrote %08x, read RAX = %016lx and RDX = %016lx", value, read_rax, read_rdx);
}

static void pkrs_reads_back(void)
{
	struct rule_tally r =
		RULE("Protection Keys",
		     "RDMSR of IA32_PKRS gives the 32 bits that WRMSR wrote, and EDX = 0");
	struct rights_saved saved;

	policy_mode_set(PKS_MODE_STRICT);
	saved = rights_begin();
	irq_restore(saved.flags); /* this takes long, and a thread may have any rights */
	rule_patterns(&r, try_value);
	irq_disable();
	rights_end(saved);
	rule_report(&r);
}
KTEST(pkrs_reads_back, KT_PKS);

#define USER_CODE __attribute__((section(".user.text"), noinline)) static

/* Each reaches the exit call only if nothing has faulted. */
USER_CODE void user_rdmsr(u64 unused)
{
	(void)unused;
	asm volatile("rdmsr\n\t"
		     "syscall"
		     :
		     : "c"(MSR_IA32_PKRS), "a"(SYS_EXIT), "d"(0), "D"(0)
		     : "r11", "memory");
}

USER_CODE void user_wrmsr(u64 value)
{
	asm volatile("wrmsr\n\t"
		     "mov %[exit], %%eax\n\t"
		     "syscall"
		     :
		     : "c"(MSR_IA32_PKRS), "a"((u32)value), "d"(value >> 32),
		       "D"(0), [exit] "i"(SYS_EXIT)
		     : "r11", "memory");
}

/*
 * The program must end by #GP and leave the register alone. Nothing between its fault and the check
 * writes the register, as all contexts have the same rights and the mirror shows it: the register
 * holds what user mode left there.
 */
static void try_in_user_mode(struct rule_tally *r, struct uspace *us, void (*program)(u64),
			     u64 value)
{
	struct thread_end end = run_in_user_mode(us, program, value);
	struct rights_saved saved = rights_begin();
	u64 after = rdmsr(MSR_IA32_PKRS);

	rights_end(saved);
	RULE_FAULT(r, end.died ? end.fault : NO_FAULT, FAULT_GP, after == saved.pkrs, "%s %016lx",
		   program == user_rdmsr ? "RDMSR" : "WRMSR of", value);
}

static void user_mode_cannot_access_pkrs(void)
{
	struct rule_tally r =
		RULE("WRMSR", "RDMSR and WRMSR at CPL 3 are #GP(0) and change nothing");
	/* The last one sets a reserved bit, too. */
	static const u64 values[] = { PKRS_INIT, 0, ALL_DENIED, 0x55555554, 1UL << 32 };
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	for (int on = 0; on < 2; on++) {
		policy_mode_set(on ? PKS_MODE_STRICT : PKS_MODE_OFF);
		try_in_user_mode(&r, &us, user_rdmsr, 0);
		for (u32 i = 0; i < ARRAY_SIZE(values); i++)
			try_in_user_mode(&r, &us, user_wrmsr, values[i]);
	}
	uspace_destroy(&us);
	rule_report(&r);
}
KTEST(user_mode_cannot_access_pkrs, KT_PKS);

/* CPUID.(EAX=07H,ECX=0):ECX. */
#define CPUID_OSPKE BIT(4)

static u32 leaf_7(void)
{
	return cpuid(7, 0).c;
}

static void cpuid_reports_pks(void)
{
	struct rule_tally r =
		RULE("CPUID", "with CPUID.(EAX=07H,ECX=0):ECX[31] = 1 IA32_PKRS can be "
			      "read and written and CR4.PKS can be set");
	struct rights_saved saved = rights_begin();
	u64 cr4 = read_cr4(), value = 0;
	struct fault f = probe_rdmsr(MSR_IA32_PKRS, &value);

	RULE_CASE(&r, cpu_has(FEATURE_PKS) && leaf_7() >> 31, "ECX is %08x", leaf_7());
	RULE_FAULT(&r, f, NO_FAULT, value == saved.pkrs, "RDMSR");
	RULE_FAULT(&r, probe_wrmsr(MSR_IA32_PKRS, saved.pkrs), NO_FAULT, true, "WRMSR");
	RULE_FAULT(&r, probe_write_cr4(cr4 & ~(u64)CR4_PKS), NO_FAULT, true, "CR4.PKS = 0");
	RULE_FAULT(&r, probe_write_cr4(cr4 | CR4_PKS), NO_FAULT, true, "CR4.PKS = 1");
	write_cr4(cr4);
	rights_end(saved);
	rule_report(&r);
}
KTEST(cpuid_reports_pks, KT_PKS);

static void no_cpuid_bit_follows_cr4_pks(void)
{
	struct rule_tally r =
		RULE("CPUID", "leaf 07H reports that CR4.PKS exists, not whether it is set: "
			      "unlike OSPKE no bit of ECX changes with it");
	u64 flags = irq_save(), cr4 = read_cr4();
	u32 before = leaf_7();

	for (u32 i = 0; i < 16; i++) {
		u32 now;

		write_cr4(i & 1 ? cr4 | CR4_PKS : cr4 & ~(u64)CR4_PKS);
		now = leaf_7();
		RULE_CASE(&r, now == before, "ECX was %08x, is %08x with CR4.PKS = %u", before, now,
			  i & 1);
	}
	write_cr4(cr4);
	irq_restore(flags);
	rule_report(&r);
}
KTEST(no_cpuid_bit_follows_cr4_pks, KT_PKS);

static void cpuid_ospke_mirrors_cr4_pke(void)
{
	struct rule_tally r =
		RULE("CPUID", "CPUID.(EAX=07H,ECX=0):ECX[4], OSPKE, is CR4.PKE as it is now; "
			      "no other bit of ECX changes with it");
	u64 flags = irq_save(), cr4 = read_cr4();
	u32 before = leaf_7() & ~(u32)CPUID_OSPKE;

	for (u32 i = 0; cpu_has(FEATURE_PKU) && i < 16; i++) {
		u64 want = i & 1 ? cr4 | CR4_PKE : cr4 & ~(u64)CR4_PKE;
		struct fault f = probe_write_cr4(want);
		u32 now = leaf_7();

		RULE_FAULT(&r, f, NO_FAULT, read_cr4() == want, "CR4.PKE = %u", i & 1);
		RULE_CASE(&r, now == (before | (i & 1 ? CPUID_OSPKE : 0)),
			  "ECX is %08x with CR4.PKE = %u, and the others were %08x", now, i & 1,
			  before);
	}
	write_cr4(cr4);
	irq_restore(flags);
	SKIP_IF(!cpu_has(FEATURE_PKU), "this CPU has no PKU");
	rule_report(&r);
}
KTEST(cpuid_ospke_mirrors_cr4_pke, 0);

/* CPUID's hypervisor leaf: "TCGTCGTCGTCG". */
static bool is_qemu_tcg(void)
{
	return cpuid(1, 0).c >> 31 && cpuid(0x40000000, 0).b == 0x54474354;
}

static void cr4_pks_needs_support(void)
{
	struct rule_tally r =
		RULE("Control Registers", "setting CR4.PKS without support is #GP(0)");
	u64 cr4 = read_cr4();
	struct fault f;

	SKIP_IF(cpu_has(FEATURE_PKS), "this CPU has keys");
	SKIP_IF(is_qemu_tcg(), "QEMU's TCG hangs forever at this MOV to CR4");
	f = probe_write_cr4(cr4 | CR4_PKS);
	RULE_FAULT(&r, f, FAULT_GP, read_cr4() == cr4, "setting CR4.PKS");
	rule_report(&r);
}
KTEST(cr4_pks_needs_support, 0);

static void pkrs_needs_support(void)
{
	struct rule_tally r =
		RULE("WRMSR", "RDMSR and WRMSR of IA32_PKRS without support are #GP(0)");
	u64 value = 0;

	SKIP_IF(cpu_has(FEATURE_PKS), "this CPU has keys");
	RULE_FAULT(&r, probe_rdmsr(MSR_IA32_PKRS, &value), FAULT_GP, true, "RDMSR");
	RULE_FAULT(&r, probe_wrmsr(MSR_IA32_PKRS, ALL_DENIED), FAULT_GP, true, "WRMSR");
	RULE_FAULT(&r, probe_wrmsr(MSR_IA32_PKRS, 0), FAULT_GP, true, "WRMSR of 0");
	rule_report(&r);
}
KTEST(pkrs_needs_support, 0);

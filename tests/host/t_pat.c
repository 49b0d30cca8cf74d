/* SPDX-License-Identifier: MIT */
/*
 * The change of memory types, on a model of the registers, the cache and the TLB: nothing old is
 * left in either when caches are on again (SDM Vol. 3A, "MTRR Considerations in MP Systems").
 */
#include "tests/host/harness.h"

#include "kernel/cpu/x86.h"

/* In place of kernel/cpu/insn.h and cpuid.h. */
#define KEYWARD_KERNEL_CPU_INSN_H
#define KEYWARD_KERNEL_CPU_CPUID_H
#define FEATURE_PAT 0
#define PAGING      0x80000000ULL /* CR0.PG */

static struct {
	u64 cr0, cr3, cr4, pat;
	bool has_pat;
	bool cached, translated; /* something entered by the types before */
	u32 writes;              /* of the PAT */
} model;

static u64 read_cr0(void)
{
	return model.cr0;
}

/* While CD is 0 the caches fill; the TLB always does. */
static void run(void)
{
	if (!(model.cr0 & CR0_CD))
		model.cached = true;
}

static void write_cr0(u64 v)
{
	assert_false(v & CR0_NW && !(v & CR0_CD)); /* #GP */
	if (model.writes && !(v & CR0_CD)) {
		assert_false(model.cached);
		assert_false(model.translated);
	}
	model.cr0 = v;
	run();
}

static u64 read_cr3(void)
{
	return model.cr3;
}

/* Global entries survive this. */
static void write_cr3(u64 v)
{
	assert_int_equal(v, model.cr3);
	if (!(model.cr4 & CR4_PGE))
		model.translated = false;
}

static u64 read_cr4(void)
{
	return model.cr4;
}

static void write_cr4(u64 v)
{
	assert_int_equal(v & ~(u64)CR4_PGE, model.cr4 & ~(u64)CR4_PGE);
	if ((v ^ model.cr4) & CR4_PGE)
		model.translated = false;
	model.cr4 = v;
}

static void wbinvd(void)
{
	model.cached = false;
	run();
}

static u64 rdmsr(u32 msr)
{
	assert_int_equal(msr, 0x277);
	assert_true(model.has_pat);
	return model.pat;
}

static void wrmsr(u32 msr, u64 v)
{
	assert_int_equal(msr, 0x277);
	assert_true(model.has_pat);
	assert_true(model.cr0 & CR0_CD);
	assert_false(model.cached);
	assert_false(model.translated);
	model.pat = v;
	model.writes++;
	model.cached = true; /* what was fetched on the way */
	model.translated = true;
}

static bool cpu_has(u64 feature)
{
	(void)feature;
	return model.has_pat;
}

#include "kernel/cpu/pat.c"

static const u64 cr4s[] = { CR4_PAE, CR4_PAE | CR4_PGE, CR4_PAE | CR4_PGE | CR4_PKS };

static void begin(u64 cr4, u64 pat)
{
	memset(&model, 0, sizeof(model));
	model.cr0 = CR0_PE | CR0_WP | PAGING;
	model.cr3 = 0x1000;
	model.cr4 = cr4;
	model.pat = pat;
	model.has_pat = true;
	model.cached = model.translated = true;
}

/* Whatever any of the eight entries was. */
static void all_eight_types_are_set(void **state)
{
	(void)state;
	for (u32 c = 0; c < ARRAY_SIZE(cr4s); c++) {
		for (u32 entry = 0; entry < 8; entry++) {
			begin(cr4s[c], 0x0007040600070406 ^ (1ULL << 8 * entry));
			pat_init_cpu();
			assert_int_equal(model.pat, 0x0007040600070106);
			assert_int_equal(model.cr0, CR0_PE | CR0_WP | PAGING);
			assert_int_equal(model.cr4, cr4s[c]);
			assert_int_equal(model.writes, 1);
		}
	}
}

static void equal_types_cost_nothing(void **state)
{
	(void)state;
	begin(CR4_PAE, 0x0007040600070106);
	pat_init_cpu();
	assert_int_equal(model.writes, 0);
	assert_true(model.cached);
}

static void a_cpu_without_a_pat_is_left_alone(void **state)
{
	(void)state;
	begin(CR4_PAE, 0);
	model.has_pat = false;
	pat_init_cpu();
	assert_int_equal(model.writes, 0);
	assert_int_equal(pat_write_combining(), PTE_MMIO);
}

static void pwt_alone_is_write_combining(void **state)
{
	(void)state;
	begin(CR4_PAE, 0);
	assert_int_equal(pat_write_combining() & (PTE_PWT | PTE_PCD), PTE_PWT);
	assert_int_equal(PTE_MMIO & (PTE_PWT | PTE_PCD), PTE_PWT | PTE_PCD); /* uncached */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_eight_types_are_set),
		cmocka_unit_test(equal_types_cost_nothing),
		cmocka_unit_test(a_cpu_without_a_pat_is_left_alone),
		cmocka_unit_test(pwt_alone_is_write_combining),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

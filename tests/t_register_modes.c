// SPDX-License-Identifier: MIT
/*
 * Which register an address obeys: user-mode addresses PKRU, all others IA32_PKRS; and accesses
 * that the processor makes by itself. What this cannot know: PK where U/S or SMAP denies as well
 * (sources disagree; the oracle leaves it open), and implicit accesses other than to an LDT.
 */
#define KTEST_SUITE "register"
#define KTEST_ORDER "21"

#include "kernel/cpuid.h"
#include "mm/uspace.h"
#include "pks/fault.h"
#include "tests/access.h"
#include "tests/probe.h"
#include "tests/window.h"

#define KEY     13
#define USER_VA 0x10000000UL

struct as_supervisor {
	volatile u64 *alias;
	bool ac; /* SMAP suspended */
};

/* The kernel touches a user-mode address, every key denied but 0: IA32_PKRS is not asked. */
static int touch_user_address(void *arg)
{
	const struct as_supervisor *s = arg;
	struct trial t = {
		.p = (u64 *)USER_VA,
		.alias = s->alias,
		.pkrs = ALL_DENIED,
		.page = { .present = true, .writable = true, .user = true, .key = KEY },
		.rule = "a user-mode address is not ruled by IA32_PKRS",
	};
	struct rights_saved saved = rights_begin();

	if (s->ac)
		irq_restore((saved.flags & ~(u64)RFLAGS_IF) | RFLAGS_AC);
	trial_data(&t);
	rights_end(saved);
	return 0;
}

static void user_mode_addresses(void)
{
	struct page *page = window_page(0);
	struct uspace us;

	REQUIRE(page);
	REQUIRE(!uspace_create(&us));
	pks_mode_set(PKS_MODE_STRICT);
	if (EXPECT(!uspace_map(&us, USER_VA, page_to_phys(page), PTE_W | window_key(KEY)))) {
		struct as_supervisor s = { page_address(page), false };

		EXPECT(!run_in_space(us.root, touch_user_address, &s).died);
		s.ac = true;
		EXPECT(!run_in_space(us.root, touch_user_address, &s).died);
	}
	uspace_destroy(&us);
	page_free(page, 0);
}
KTEST(user_mode_addresses, KT_PKS);

/* U/S = 1 in the leaf alone makes no user-mode address: SMAP lets it be, IA32_PKRS rules it. */
static void one_supervisor_level_suffices(void)
{
	struct page *page = window_page(0);
	struct rights_saved saved;
	struct trial t = { .p = (u64 *)WINDOW,
			   .page = { .present = true, .writable = true, .key = KEY },
			   .rule = "U/S = 0 on any level: a supervisor-mode address" };

	REQUIRE(page);
	pks_mode_set(PKS_MODE_STRICT);
	t.alias = page_address(page);
	if (window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA | PTE_U | window_key(KEY),
		       1)) {
		saved = rights_begin();
		for (u32 rights = 0; rights < 4; rights++) {
			t.pkrs = OF_KEY(KEY, rights, ALL_OPEN);
			trial_data(&t);
		}
		rights_end(saved);
	}
	window_clear();
	page_free(page, 0);
}
KTEST(one_supervisor_level_suffices, KT_PKS);

/* One access, judged, and nothing else: neither the register nor the TLB is touched. */
static void look(volatile u64 *p, u32 pkrs, enum oracle_access kind, const char *rule)
{
	struct oracle_page page = { .present = true, .writable = true, .key = KEY };
	u64 value = 1;

	EXPECT_VERDICT(access_probe(kind, p, &value), oracle(oracle_cpu_now(pkrs), page, kind), p,
		       rule);
}

/* Turns a bit of CR0 or CR4 off and on under a translation that the TLB holds. */
static void toggle(u32 pkrs, enum oracle_access kind, u64 cr0_bit, u64 cr4_bit, const char *rule)
{
	volatile u64 *p = (u64 *)WINDOW;
	struct rights_saved saved = rights_begin();
	u64 cr0 = read_cr0(), cr4 = read_cr4();

	rights_put(pkrs);
	for (u32 i = 0; i < 3; i++) {
		look(p, pkrs, kind, rule);
		write_cr0(cr0 & ~cr0_bit);
		write_cr4(cr4 & ~cr4_bit);
		look(p, pkrs, kind, rule);
		write_cr0(cr0);
		write_cr4(cr4);
	}
	look(p, pkrs, kind, rule);
	rights_end(saved);
}

static void on_a_page(void (*test)(void))
{
	struct page *page = window_page(0);

	REQUIRE(page);
	pks_mode_set(PKS_MODE_STRICT);
	if (window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA | window_key(KEY), 1))
		test();
	window_clear();
	page_free(page, 0);
}

static void toggle_pks(void)
{
	toggle(OF_KEY(KEY, 1, ALL_OPEN), ORACLE_READ, 0, CR4_PKS,
	       "a change of CR4.PKS holds from the next instruction, without a flush");
}

static void cr4_pks_needs_no_flush(void)
{
	on_a_page(toggle_pks);
}
KTEST(cr4_pks_needs_no_flush, KT_PKS);

static void toggle_wp(void)
{
	toggle(OF_KEY(KEY, 2, ALL_OPEN), ORACLE_WRITE, CR0_WP, 0,
	       "a change of CR0.WP holds from the next instruction, without a flush");
}

static void cr0_wp_needs_no_flush(void)
{
	on_a_page(toggle_wp);
}
KTEST(cr0_wp_needs_no_flush, KT_PKS);

struct pseudo_descriptor {
	u16 limit;
	u64 base;
} __attribute__((packed));

#define SEL_LDT      0x38 /* behind the kernel's seven descriptors */
#define SEL_IN_LDT   0x04 /* TI = 1, index 0 */
#define DATA_FRESH   0x00cf92000000ffff
#define DATA_TOUCHED 0x00cf93000000ffff /* the same, its accessed bit set */

/* Loads ES from the LDT's first descriptor, which the processor reads by itself. */
PROBE struct fault load_from_ldt(u32 pkrs)
{
	struct fault f = { .vector = FAULT_NONE };
	u16 selector = SEL_IN_LDT, before;

	asm volatile("mov %%es, %0" : "=r"(before));
	rights_put(pkrs);
	ACCESS(KIND_PROBE, "mov %[v], %%es", f, [v] "+r"(selector) :);
	rights_put(ALL_OPEN);
	asm volatile("mov %0, %%es" : : "r"(before));
	return f;
}

static void try_descriptor(volatile u64 *alias, u64 descriptor, u32 rights)
{
	u32 pkrs = OF_KEY(KEY, rights, ALL_OPEN);
	struct oracle_page page = { .present = true, .writable = true, .key = KEY };
	/* A fresh descriptor is also written: its accessed bit. */
	enum oracle_access kind =
		descriptor == DATA_FRESH && !(rights & 1) ? ORACLE_MODIFY : ORACLE_READ;
	struct oracle_verdict want = oracle(oracle_cpu_now(pkrs), page, kind);
	struct fault f;

	*alias = descriptor;
	f = load_from_ldt(pkrs);
	if (want.fault)
		EXPECT(f.addr >= WINDOW && f.addr < WINDOW + sizeof(descriptor));
	if (kind == ORACLE_READ && descriptor == DATA_FRESH)
		want.unsettled |= PF_W; /* it may be read with the intent to write */
	EXPECT_VERDICT(f, want, f.addr, "implicit accesses obey keys");
	EXPECT_EQ(*alias, want.fault ? descriptor : DATA_TOUCHED);
}

/* SDM Vol. 3A, "Segment Descriptors": an LDT of one descriptor at WINDOW, in a copy of the GDT. */
static void load_ldt(struct pseudo_descriptor *before)
{
	static u64 gdt[9];
	struct pseudo_descriptor now = { sizeof(gdt) - 1, (u64)gdt };

	for (u32 i = 0; i < 7; i++)
		gdt[i] = this_cpu()->gdt[i];
	gdt[7] = 7 | (WINDOW & 0xffffff) << 16 | 0x82ULL << 40 | (WINDOW >> 24 & 0xff) << 56;
	gdt[8] = WINDOW >> 32;
	asm volatile("sgdt %0" : "=m"(*before));
	lgdt(&now);
	asm volatile("lldt %w0" : : "r"(SEL_LDT));
}

static void implicit_accesses(void)
{
	struct page *page = window_page(0);
	struct pseudo_descriptor before;
	struct rights_saved saved;

	REQUIRE(page);
	pks_mode_set(PKS_MODE_STRICT);
	if (window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA | window_key(KEY), 1)) {
		saved = rights_begin();
		load_ldt(&before);
		for (u32 rights = 0; rights < 4; rights++) {
			try_descriptor(page_address(page), DATA_TOUCHED, rights);
			try_descriptor(page_address(page), DATA_FRESH, rights);
		}
		asm volatile("lldt %w0" : : "r"(0));
		lgdt(&before);
		rights_end(saved);
	}
	window_clear();
	page_free(page, 0);
}
KTEST(implicit_accesses, KT_PKS);

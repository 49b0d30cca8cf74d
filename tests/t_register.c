// SPDX-License-Identifier: MIT
/*
 * IA32_PKRS itself, and what each key's rights do to an access to a 4 KiB page; expectations come
 * from the oracle. What this cannot know: whether the processor speculates past a denial, what INIT
 * and SMM do to the register, and whether an emulator that is right about single instructions is
 * right about their interleaving on several processors.
 */
#define KTEST_SUITE "register"
#define KTEST_ORDER "21"

#include "pks/fault.h"
#include "tests/access.h"
#include "tests/probe.h"
#include "tests/window.h"

/* Bits 63:32 are reserved: #GP(0), and the register keeps what it has. */
static void high_bits_are_reserved(void)
{
	struct rights_saved saved = rights_begin();
	u32 value = OF_KEY(5, 1, ALL_DENIED);

	rights_put(value);
	for (u32 bit = 32; bit < 64; bit++) {
		struct fault f = probe_wrmsr(MSR_IA32_PKRS, BIT(bit));

		if (!EXPECT_VECTOR(f, X86_GP, 0, "WRMSR of IA32_PKRS with a reserved bit set") ||
		    !EXPECT_EQ(rdmsr(MSR_IA32_PKRS), value))
			break;
	}
	rights_end(saved);
}
KTEST(high_bits_are_reserved, KT_PKS);

static void read_back(u32 value)
{
	value &= ~3u; /* key 0 is the kernel's own */
	rights_put(value);
	EXPECT_EQ(rdmsr(MSR_IA32_PKRS), value);
}

static void holds_what_is_written(void)
{
	static const u32 patterns[] = { 0,          0xfffffffc, 0x55555554, 0xaaaaaaa8,
					0x80000000, 0x12345678, 0xdeadbeec };
	struct rights_saved saved = rights_begin();

	for (u32 i = 0; i < ARRAY_SIZE(patterns); i++)
		read_back(patterns[i]);
	for (u32 bit = 2; bit < 32; bit++) {
		read_back(1u << bit);
		read_back(~(1u << bit));
	}
	rights_end(saved);
}
KTEST(holds_what_is_written, KT_PKS);

/* The register restricts nothing while CR4.PKS = 0, but it can be read and written. */
static void writable_while_off(void)
{
	struct rights_saved saved;

	pks_mode_set(PKS_MODE_OFF);
	saved = rights_begin();
	read_back(0x55555554);
	read_back(0xaaaaaaa8);
	rights_end(saved);
}
KTEST(writable_while_off, KT_PKS);

/* Every value of one key's two bits, between neighbours that are all open or all denied. */
static void all_rights_of(struct trial *t)
{
	for (u32 rights = 0; rights < 4; rights++) {
		t->pkrs = OF_KEY(t->page.key, rights, ALL_OPEN);
		trial_data(t);
		t->pkrs = OF_KEY(t->page.key, rights, ALL_DENIED);
		trial_data(t);
	}
}

static void every_key_every_right(void)
{
	struct page *page = window_page(0);
	struct rights_saved saved;

	REQUIRE(page);
	pks_mode_set(PKS_MODE_STRICT);
	for (u32 key = 1; key < 16; key++) {
		struct trial t = {
			.p = (u64 *)(WINDOW + 0x238),
			.alias = page_address(page) + 0x238,
			.page = { .present = true, .writable = true, .key = key },
			.rule = "AD denies all data accesses, WD writes, of its own key",
		};

		if (!window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA | window_key(key), 1))
			break;
		saved = rights_begin();
		all_rights_of(&t);
		rights_end(saved);
		window_clear();
	}
	page_free(page, 0);
}
KTEST(every_key_every_right, KT_PKS);

/* No page of key 0 is touched by what the other keys say: the kernel lives on it. */
static void key_0_is_apart(void)
{
	struct page *page = window_page(0);
	struct rights_saved saved;
	struct trial t;

	REQUIRE(page);
	pks_mode_set(PKS_MODE_STRICT);
	if (window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA, 1)) {
		t = (struct trial){ .p = (u64 *)WINDOW,
				    .alias = page_address(page),
				    .pkrs = ALL_DENIED,
				    .page = { .present = true, .writable = true },
				    .rule = "other keys' bits do not rule key 0" };
		saved = rights_begin();
		trial_data(&t);
		rights_end(saved);
	}
	window_clear();
	page_free(page, 0);
}
KTEST(key_0_is_apart, KT_PKS);

/* Rights go back and forth over a translation that the TLB holds, without any flush. */
static void holds_from_the_next_instruction(void)
{
	struct page *page = window_page(0);
	struct rights_saved saved;
	struct trial t = { .p = (u64 *)WINDOW,
			   .page = { .present = true, .writable = true, .key = 9 },
			   .rule = "new rights hold from the next instruction, without a flush" };

	REQUIRE(page);
	pks_mode_set(PKS_MODE_STRICT);
	t.alias = page_address(page);
	if (window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA | window_key(9), 1)) {
		saved = rights_begin();
		for (u32 from = 0; from < 4; from++) {
			for (u32 to = 0; to < 4; to++) {
				t.pkrs = OF_KEY(9, from, ALL_DENIED);
				trial_data(&t); /* fills the TLB under the rights before */
				t.pkrs = OF_KEY(9, to, ALL_DENIED);
				trial_data(&t);
			}
		}
		rights_end(saved);
	}
	window_clear();
	page_free(page, 0);
}
KTEST(holds_from_the_next_instruction, KT_PKS);

static void with_control_registers(u64 cr0, u64 cr4, struct trial *t)
{
	u64 old_cr0 = read_cr0(), old_cr4 = read_cr4();

	write_cr0(cr0);
	write_cr4(cr4);
	all_rights_of(t);
	write_cr4(old_cr4);
	write_cr0(old_cr0);
}

/* CR0.WP = 0 and CR4.PKS = 0, each and both, on a writable and on a read-only page. */
static void control_registers(void)
{
	struct page *page = window_page(0);
	struct trial t = {
		.p = (u64 *)(WINDOW + 8),
		.page = { .present = true, .key = 3 },
		.rule = "with WP = 0 WD denies nothing, AD does; PKS = 0 denies nothing"
	};

	REQUIRE(page);
	pks_mode_set(PKS_MODE_STRICT);
	t.alias = page_address(page) + 8;
	for (int writable = 0; writable < 2; writable++) {
		/* D is set: Bochs ends itself where a write under WP = 0 would have to set it. */
		pte_t prot = PTE_RO_DATA | PTE_D | (writable ? PTE_W : 0);
		struct rights_saved saved;

		t.page.writable = writable;
		if (!window_map(0, page_to_phys(page), PAGE_SIZE, prot | window_key(3), 1))
			break;
		saved = rights_begin();
		for (u32 off = 0; off < 4; off++)
			with_control_registers(read_cr0() & ~(off & 1 ? (u64)CR0_WP : 0),
					       read_cr4() & ~(off & 2 ? (u64)CR4_PKS : 0), &t);
		all_rights_of(&t); /* and as before again */
		rights_end(saved);
		window_clear();
	}
	window_clear();
	page_free(page, 0);
}
KTEST(control_registers, KT_PKS);

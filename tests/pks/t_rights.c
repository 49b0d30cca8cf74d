// SPDX-License-Identifier: MIT
/*
 * Grants and revokes in the running context: what changes, what does not, and when the register is
 * written. What this cannot know: what becomes of rights in other contexts; the suite `contexts`
 * tests that.
 */
#define KTEST_SUITE "rights"

#include "mm/page_alloc.h"
#include "pks/rights.h"
#include "tests/harness/access.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"

#define KEY   7
#define OTHER 12

/* A key's two bits. 0 allows all accesses, 1 and 3 none, 2 reads only. */
static u32 bits_of(u32 pkrs, u32 key)
{
	return (pkrs & (AD(key) | WD(key))) >> (2 * key);
}

static void set_bits(u32 key, u32 bits)
{
	struct rights_saved saved = rights_begin();

	saved.pkrs = OF_KEY(key, bits, saved.pkrs);
	rights_end(saved);
}

static int note_rights(void *arg)
{
	*(u32 *)arg = rights_now();
	return 0;
}

/* Each key has its owner's initial rights, though the thread's creator has all rights. */
static void each_key_has_its_initial_rights(void)
{
	u32 pkrs = 0;

	for (u32 key = 1; key < 16; key++)
		pks_set_readwrite(key);
	EXPECT_EQ(rights_now(), 0);
	EXPECT(!run_in_space(0, note_rights, &pkrs).died);
	EXPECT_EQ(bits_of(pkrs, 0), 0);
	EXPECT_EQ(bits_of(pkrs, PKS_KEY_DEVMAP), 3);
	EXPECT_EQ(bits_of(pkrs, PKS_KEY_RO), 2);
	for (u32 key = PKS_KEY_FIRST_DYNAMIC; key < 16; key++)
		EXPECT_EQ(bits_of(pkrs, key), 3);
	EXPECT_EQ(rights_now(), 0);
}
KTEST(each_key_has_its_initial_rights, KT_PKS | KT_STRESS);

/* Calls each setter in each state of a key; mirror and register agree throughout. */
static void setters_set_both_bits(void)
{
	for (u32 i = 0; i < ktest_rounds(); i++) {
		u32 before = i & 3;

		set_bits(KEY, before);
		pks_set_noaccess(KEY);
		EXPECT_EQ(bits_of(rights_now(), KEY), 3);
		set_bits(KEY, before);
		pks_set_nowrite(KEY);
		EXPECT_EQ(bits_of(rights_now(), KEY), 2);
		set_bits(KEY, before);
		pks_set_readwrite(KEY);
		EXPECT_EQ(bits_of(rights_now(), KEY), 0);
	}
}
KTEST(setters_set_both_bits, KT_PKS | KT_STRESS);

/* Each setter's rights hold for reads and writes. */
static void accesses_obey_the_setters(void)
{
	struct page *page = window_page(0);
	u64 value;

	REQUIRE(page);
	policy_mode_set(PKS_MODE_STRICT);
	if (window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA | window_key(KEY), 1)) {
		pks_set_noaccess(KEY);
		EXPECT_PAGE_FAULT(probe_read((void *)WINDOW, &value), PF_P | PF_PK, WINDOW, "none");
		EXPECT_PAGE_FAULT(probe_write((void *)WINDOW, 1), PF_P | PF_W | PF_PK, WINDOW,
				  "none");
		pks_set_nowrite(KEY);
		EXPECT_NO_FAULT(probe_read((void *)WINDOW, &value), "reading");
		EXPECT_PAGE_FAULT(probe_write((void *)WINDOW, 1), PF_P | PF_W | PF_PK, WINDOW,
				  "reading");
		pks_set_readwrite(KEY);
		EXPECT_NO_FAULT(probe_write((void *)WINDOW, 1), "all");
		EXPECT_NO_FAULT(probe_read((void *)WINDOW, &value), "all");
	}
	window_clear();
	page_free(page, 0);
}
KTEST(accesses_obey_the_setters, KT_PKS | KT_STRESS);

/* READ allows reads only, WRITE allows both; the token takes back exactly that. */
static void a_read_grant_does_not_allow_writes(void)
{
	struct pks_token token;

	for (u32 i = 0; i < ktest_rounds(); i++) {
		pks_set_noaccess(KEY);
		token = pks_grant(KEY, PKS_READ);
		EXPECT_EQ(bits_of(rights_now(), KEY), 2);
		pks_revoke(token);
		EXPECT_EQ(bits_of(rights_now(), KEY), 3);
		token = pks_grant(KEY, PKS_WRITE);
		EXPECT_EQ(bits_of(rights_now(), KEY), 0);
		pks_revoke(token);
		EXPECT_EQ(bits_of(rights_now(), KEY), 3);
	}
}
KTEST(a_read_grant_does_not_allow_writes, KT_PKS | KT_STRESS);

/* The bits after a grant: READ clears AD, WRITE clears both; neither sets a bit. */
static u32 granted(u32 bits, enum pks_access access)
{
	return access == PKS_WRITE ? 0 : bits & 2;
}

static void nest(u32 base, enum pks_access outer, enum pks_access inner)
{
	struct pks_token first, second;

	set_bits(KEY, base);
	first = pks_grant(KEY, outer);
	EXPECT_EQ(bits_of(rights_now(), KEY), granted(base, outer));
	second = pks_grant(KEY, inner);
	EXPECT_EQ(bits_of(rights_now(), KEY), granted(granted(base, outer), inner));
	pks_revoke(second);
	EXPECT_EQ(bits_of(rights_now(), KEY), granted(base, outer));
	pks_revoke(first);
	EXPECT_EQ(bits_of(rights_now(), KEY), base);
}

static void grants_nest(void)
{
	static const enum pks_access accesses[] = { PKS_READ, PKS_WRITE };

	for (u32 base = 0; base < 4; base++)
		for (u32 outer = 0; outer < 2; outer++)
			for (u32 inner = 0; inner < 2; inner++)
				nest(base, accesses[outer], accesses[inner]);
}
KTEST(grants_nest, KT_PKS | KT_STRESS);

/*
 * Each token restores what its grant found, also in the wrong order. So the key ends as the *inner*
 * grant found it, and only the end of the context closes it.
 */
static int wrong_order(void *arg)
{
	struct pks_token outer = pks_grant(KEY, PKS_READ), inner = pks_grant(KEY, PKS_WRITE);

	(void)arg;
	pks_revoke(outer);
	EXPECT_EQ(bits_of(rights_now(), KEY), 3);
	pks_revoke(inner);
	EXPECT_EQ(bits_of(rights_now(), KEY), 2);
	return 0;
}

static void a_token_restores_what_its_grant_found(void)
{
	u32 pkrs = 0;

	EXPECT(!run_in_space(0, wrong_order, NULL).died);
	EXPECT(!run_in_space(0, note_rights, &pkrs).died);
	EXPECT_EQ(bits_of(pkrs, KEY), 3);
	EXPECT_EQ(bits_of(rights_now(), KEY), 3);
}
KTEST(a_token_restores_what_its_grant_found, KT_PKS | KT_STRESS);

/* Tokens of different keys are independent: they may be revoked in any order. */
static void tokens_of_different_keys_are_independent(void)
{
	struct pks_token a = pks_grant(KEY, PKS_WRITE), b = pks_grant(OTHER, PKS_READ);

	EXPECT_EQ(bits_of(rights_now(), KEY), 0);
	EXPECT_EQ(bits_of(rights_now(), OTHER), 2);
	pks_revoke(a);
	EXPECT_EQ(bits_of(rights_now(), KEY), 3);
	EXPECT_EQ(bits_of(rights_now(), OTHER), 2);
	pks_revoke(b);
	EXPECT_EQ(bits_of(rights_now(), OTHER), 3);
}
KTEST(tokens_of_different_keys_are_independent, KT_PKS | KT_STRESS);

static void put_all(u32 pkrs)
{
	struct rights_saved saved = rights_begin();

	saved.pkrs = pkrs;
	rights_end(saved);
}

/* Each operation on each key leaves the other keys' bits alone, whatever these are. */
static void other_keys_keep_their_rights(void)
{
	static const u32 patterns[] = { 0, 0xfffffffc, 0xaaaaaaa8, 0x55555554, 0x1b1b1b18 };

	for (u32 i = 0; i < ARRAY_SIZE(patterns); i++) {
		for (u32 key = 1; key < 16; key++) {
			u32 others = patterns[i] & ~(AD(key) | WD(key));
			struct pks_token token;

			put_all(patterns[i]);
			token = pks_grant(key, PKS_READ);
			EXPECT_EQ(rights_now() & ~(AD(key) | WD(key)), others);
			pks_revoke(token);
			EXPECT_EQ(rights_now(), patterns[i]);
			pks_revoke(pks_grant(key, PKS_WRITE));
			EXPECT_EQ(rights_now(), patterns[i]);
			pks_set_noaccess(key);
			EXPECT_EQ(rights_now(), others | AD(key) | WD(key));
			pks_set_nowrite(key);
			EXPECT_EQ(rights_now(), others | WD(key));
			pks_set_readwrite(key);
			EXPECT_EQ(rights_now(), others);
		}
	}
}
KTEST(other_keys_keep_their_rights, KT_PKS | KT_STRESS);

enum operation { SET_NONE, SET_READ, SET_ALL, GRANT_READ, GRANT_WRITE, REVOKE, OPERATIONS };

static void operate(enum operation op, struct pks_token token)
{
	if (op == SET_NONE)
		pks_set_noaccess(KEY);
	else if (op == SET_READ)
		pks_set_nowrite(KEY);
	else if (op == SET_ALL)
		pks_set_readwrite(KEY);
	else if (op == REVOKE)
		pks_revoke(token);
	else
		pks_grant(KEY, op == GRANT_READ ? PKS_READ : PKS_WRITE);
}

/*
 * Whether the operation writes the register if the key's bits are `bits`. Plants a difference from
 * the mirror, in another key, in the register: a write removes it.
 */
static bool writes_register(enum operation op, u32 bits, struct pks_token token)
{
	struct rights_saved saved = rights_begin();
	u32 after;

	rights_put(OF_KEY(KEY, bits, saved.pkrs));
	wrmsr(MSR_IA32_PKRS, (u32)this_cpu()->pkrs ^ WD(OTHER));
	operate(op, token);
	after = (u32)rdmsr(MSR_IA32_PKRS);
	EXPECT(after == (u32)this_cpu()->pkrs || after == ((u32)this_cpu()->pkrs ^ WD(OTHER)));
	rights_end(saved);
	return (after ^ saved.pkrs) & WD(OTHER) ? false : true;
}

/* The register is written if and only if the operation changes the rights. */
static void only_a_change_writes_the_register(void)
{
	struct pks_token token;

	set_bits(KEY, 2);
	token = pks_grant(KEY, PKS_WRITE); /* restores read-only rights */
	pks_set_noaccess(KEY);
	for (u32 bits = 0; bits < 4; bits++) {
		const u32 becomes[OPERATIONS] = {
			3, 2, 0, granted(bits, PKS_READ), granted(bits, PKS_WRITE), 2,
		};

		for (enum operation op = 0; op < OPERATIONS; op++)
			EXPECT_EQ(writes_register(op, bits, token), becomes[op] != bits);
	}
}
KTEST(only_a_change_writes_the_register, KT_PKS | KT_STRESS);

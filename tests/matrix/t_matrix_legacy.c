// SPDX-License-Identifier: MIT
/*
 * 32-bit paging and PAE paging know no keys. The SDM lists CR4.PKS and CR4.PKE among the
 * paging-mode modifiers ("Paging-Mode Modifiers") and says that 4-level and 5-level paging give
 * addresses keys; it restricts neither bit to IA-32e mode, as it does CR4.PCIDE, so MOV to CR4 must
 * not fault here. Bits 62:59 of a PAE entry are reserved ("PAE Paging"). Accesses are made at CPL
 * 0, to supervisor and user pages, without SMAP. What this cannot know: CPL 3, for which there is
 * no 32-bit TSS.
 */
#define KTEST_SUITE "matrix"

#include "kernel/cpu/cpuid.h"
#include "pks/pkrs.h"
#include "tests/matrix/legacy.h"
#include "tests/matrix/matrix_rule.h"
#include "tests/oracle/oracle.h"

#define SDM        "Paging-Mode Modifiers"
#define KEYS       16
#define OLD        0x11112222u
#define OPERAND    0x33334444u
#define ALL_DENIED 0xffffffffu /* key 0 too: nothing here has a key */

struct legacy_run {
	struct rule_tally rule;
	struct legacy l;
};

/* An entry of the tables and an access by it. */
struct attempt {
	u32 entry, kind;
	bool large;
};

static bool has_key(const struct attempt *t)
{
	return t->entry > LEGACY_WITH_KEY && t->entry != LEGACY_KEY_IN_PD;
}

/* Returns what the oracle says where no address has a key. */
static struct oracle_verdict verdict(const struct attempt *t, u32 rights)
{
	static const enum oracle_access kinds[] = { ORACLE_READ, ORACLE_WRITE, ORACLE_MODIFY };
	struct oracle_cpu cpu = { .pkrs = rights, .pkru = rights, .cr0_wp = true };
	struct oracle_page page = { .present = true,
				    .reserved = has_key(t),
				    .writable = t->entry >= LEGACY_WITH_KEY ||
						!(t->entry & LEGACY_READ_ONLY),
				    .user = t->entry < LEGACY_WITH_KEY && t->entry & LEGACY_USER };
	struct oracle_verdict v = oracle(cpu, page, kinds[t->kind]);

	if (t->kind == LEGACY_MODIFY) /* matrix.modify_is_a_write checks it */
		v.unsettled |= PF_W;
	if (page.reserved) /* matrix.error_code_describes_the_access checks them */
		v.unsettled |= PF_P | PF_W;
	return v;
}

/* Checks an access, and the word as it is read after it; *word is what memory should hold. */
static void check(struct legacy_run *run, const struct attempt *t, const struct legacy_access *a,
		  u32 rights, u32 *word)
{
	const struct legacy_access *after = a + 1;
	static const char *const names[] = { "read", "write", "read-modify-write" };
	struct oracle_verdict v = verdict(t, rights);
	struct fault want = NO_FAULT, got = NO_FAULT;
	u32 read = t->kind == LEGACY_READ && !v.fault ? *word : OPERAND;

	if (v.fault)
		want = (struct fault){ X86_PF, v.error & ~v.unsettled, a->address, 0 };
	else if (t->kind != LEGACY_READ)
		*word = t->kind == LEGACY_WRITE ? OPERAND : *word + OPERAND;
	if (a->vector != LEGACY_NONE)
		got = (struct fault){ a->vector, a->error & ~v.unsettled, a->addr, 0 };
	RULE_FAULT(
		&run->rule, got, want,
		a->value == read && after->vector == LEGACY_NONE && after->value == *word,
		"%s by entry %u of a %s page, %s paging, IA32_PKRS and PKRU %08x: memory is %08x",
		names[t->kind], t->entry, t->large ? "large" : "4 KiB",
		run->l.pae ? "PAE" : "32-bit", rights, after->value);
}

/* Makes the accesses under these rights in both registers, and reads the word after each. */
static void play(struct legacy_run *run, const struct attempt *t, u32 count, u32 rights)
{
	const struct legacy *l = &run->l;
	struct legacy_access *a = legacy_list(l);
	u32 word = OLD;

	if (!EXPECT(2 * count <= LEGACY_ACCESSES))
		return;
	*legacy_word(l) = OLD;
	for (u32 i = 0; i < count; i++) {
		a[2 * i] = (struct legacy_access){ .address = legacy_address(l, t[i].entry,
									     t[i].large),
						   .kind = t[i].kind,
						   .value = OPERAND };
		a[2 * i + 1] = (struct legacy_access){ .address = legacy_address(l, 0, false) };
	}
	legacy_visit(l, rights, rights, 2 * count);
	EXPECT_EQ(legacy_params(l)->pkrs_seen, legacy_params(l)->has & 1 ? rights : 0);
	EXPECT_EQ(legacy_params(l)->pkru_seen, legacy_params(l)->has & 2 ? rights : 0);
	EXPECT_EQ(legacy_params(l)->cr4_seen, legacy_params(l)->cr4);
	RULE_CASE(&run->rule, legacy_params(l)->vector_cr4 == LEGACY_NONE,
		  "MOV to CR4 of %08x with %s paging raised vector %u", legacy_params(l)->cr4,
		  run->l.pae ? "PAE" : "32-bit", legacy_params(l)->vector_cr4);
	for (u32 i = 0; i < count && legacy_params(l)->vector_cr4 == LEGACY_NONE; i++)
		check(run, &t[i], &a[2 * i], rights, &word);
}

/* Each key's rights alone, and all keys denied. */
static void try_rights(struct legacy_run *run)
{
	struct attempt t[24];

	for (u32 i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = (struct attempt){ i & 3, i / 4 % 3, i >= 12 };
	for (u32 i = 0; i < 3 * KEYS; i += ktest_part(7))
		play(run, t, ARRAY_SIZE(t), (1 + i % 3) << (2 * (i / 3)));
	play(run, t, ARRAY_SIZE(t), ALL_DENIED);
	play(run, t, ARRAY_SIZE(t), 0);
}

/* On the CPU that the test's thread is on. */
static void test_legacy(bool pae, void (*tests)(struct legacy_run *run), struct rule_tally rule)
{
	struct legacy_run run = { .rule = rule };

	if (legacy_setup(&run.l, pae))
		tests(&run);
	legacy_teardown(&run.l);
	rule_report(&run.rule);
}

static bool has_keys(void)
{
	return pks_on() || cpu_has(FEATURE_PKU);
}

#define NO_KEYS "this CPU has no protection keys"

static void paging_of_32_bits_knows_no_keys(void)
{
	struct rule_tally r = RULE(SDM, "with 32-bit paging CR4.PKS and CR4.PKE can be 1, and "
					"neither IA32_PKRS nor PKRU restricts anything");

	SKIP_IF(!has_keys(), NO_KEYS);
	test_legacy(false, try_rights, r);
}
KTEST(paging_of_32_bits_knows_no_keys, 0);

static void pae_paging_knows_no_keys(void)
{
	struct rule_tally r = RULE(SDM, "with PAE paging CR4.PKS and CR4.PKE can be 1, and "
					"neither IA32_PKRS nor PKRU restricts anything");

	SKIP_IF(!has_keys(), NO_KEYS);
	test_legacy(true, try_rights, r);
}
KTEST(pae_paging_knows_no_keys, 0);

/* Key 0 is the control: those entries are like the others. */
static void try_key_bits(struct legacy_run *run)
{
	for (u32 key = 0; key < KEYS; key += ktest_part(3)) {
		struct attempt t[9];

		for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
			u32 first = i % 3 == 2 ? LEGACY_KEY_IN_PD : LEGACY_WITH_KEY;

			t[i] = (struct attempt){ first + key, i / 3, i % 3 == 1 };
		}
		play(run, t, ARRAY_SIZE(t), 0);
		play(run, t, ARRAY_SIZE(t), 3u << (2 * key));
	}
}

static void key_bits_of_pae_entries_are_reserved(void)
{
	struct rule_tally r = RULE("PAE Paging", "bits 62:59 of a PDE or PTE are reserved: an "
						 "access through one that has them faults with "
						 "RSVD, and PK is 0");

	test_legacy(true, try_key_bits, r);
}
KTEST(key_bits_of_pae_entries_are_reserved, 0);

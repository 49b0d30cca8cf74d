// SPDX-License-Identifier: MIT
#include "tests/matrix/rules.h"
#include "tests/matrix/state.h"

#define TEXT(name, sdm, says) { #name, sdm, says },
static const struct rule_text texts[RULES] = { MATRIX_RULES(TEXT) };
_Static_assert(RULES < 64, "rules_of() has 64 bits");

const struct rule_text *rule_text(enum rule r)
{
	return &texts[r];
}

enum { VECTOR_DF = 8 };

static u64 if_(bool condition, enum rule r)
{
	return condition ? BIT(r) : 0;
}

/* Rules about what is reported and left behind, rather than about what is denied. */
static u64 about_reports(const struct mcase *c, const struct expectation *e)
{
	bool fault = e->allowed[0].vector != SHOT_DONE, present = case_present(c);
	bool modifies = matrix_kinds[c->v[AXIS_KIND]].access == ACCESS_MODIFY &&
			!kind_is_implicit(c->v[AXIS_KIND]);
	bool absent = !present || e->allowed[0].absent, done = !fault || e->allowed[0].absent;

	return BIT(RULE_pkrs_is_left_alone) |
	       if_(fault, RULE_saved_rip_is_the_faulting_instruction) |
	       if_(fault, RULE_cr2_is_in_the_denied_page) |
	       if_(fault && modifies, RULE_modify_is_a_write) |
	       if_(absent, RULE_pk_needs_a_translation) |
	       if_(fault && present && e->key_denies && e->other_denies,
		   RULE_pk_is_set_beside_other_reasons) |
	       if_(fault && !absent, RULE_pk_is_set_only_by_a_key) |
	       if_(fault, RULE_error_code_describes_the_access) |
	       if_(e->allowed[0].entry_mask, RULE_permitted_access_sets_a_and_d) |
	       if_(e->allowed[0].above, RULE_every_level_gets_accessed) |
	       BIT(RULE_entries_keep_their_other_bits) |
	       if_(!done, RULE_denied_access_changes_nothing) |
	       if_(done, RULE_permitted_access_takes_effect);
}

/* Rules about translations that an earlier access left behind. */
static u64 about_other_entries(const struct mcase *c)
{
	u32 tlb = c->v[AXIS_TLB];
	bool appeared = tlb == TLB_P && c->v[AXIS_PRESENT] == PRESENT_YES;

	return if_(tlb == TLB_REKEY_CR3, RULE_mov_to_cr3_brings_the_new_key) |
	       if_(tlb >= TLB_RW && tlb <= TLB_UPPER_US && !appeared,
		   RULE_invlpg_brings_the_new_entry) |
	       if_(appeared, RULE_what_was_absent_needs_no_invlpg) |
	       if_(tlb == TLB_ALIAS, RULE_other_addresses_grant_nothing) |
	       if_(tlb_is_fill(tlb), RULE_earlier_accesses_grant_nothing);
}

/* Rules about what changed before the access. */
static u64 about_time(const struct mcase *c)
{
	u32 tlb = c->v[AXIS_TLB];
	bool run = case_is_run(c), by_pkrs = run && case_pkrs(c, true) != case_pkrs(c, false);
	bool by_pkru = run && case_pkru(c, true) != case_pkru(c, false);

	return if_(tlb == TLB_WRMSR || by_pkrs, RULE_wrmsr_holds_at_once) |
	       if_(tlb == TLB_PKS, RULE_cr4_pks_holds_at_once) |
	       if_(tlb == TLB_WP, RULE_cr0_wp_holds_at_once) |
	       if_(tlb == TLB_WRPKRU || (by_pkru && c->v[AXIS_PKU] != PKU_OFF),
		   RULE_wrpkru_holds_at_once) |
	       if_(tlb == TLB_AGAIN || run, RULE_each_access_is_judged_anew) |
	       if_(tlb == TLB_REKEY, RULE_invlpg_brings_the_new_key) |
	       if_(tlb == TLB_STALE, RULE_stale_key_is_old_or_new) | about_other_entries(c);
}

/* True if the access is one to data, so that keys can deny it. */
static bool is_data(const struct mcase *c)
{
	u32 access = matrix_kinds[c->v[AXIS_KIND]].access;

	return access != ACCESS_FETCH && access != ACCESS_NONE;
}

/* Rules about who makes the access, and how. */
static u64 about_accessors(const struct mcase *c, const struct expectation *e)
{
	u32 kind = c->v[AXIS_KIND];
	bool implicit = kind_is_implicit(kind), smap = c->v[AXIS_SMAP] != SMAP_OFF;
	bool in_fault = matrix_kinds[kind].flags & KF_IN_FAULT;

	return if_(in_fault, RULE_key_fault_in_fault_delivery_is_double) |
	       if_(matrix_kinds[kind].flags & KF_DELIVERS && e->key_denies,
		   RULE_key_fault_in_other_delivery_is_serial) |
	       if_(implicit && smap && c->v[AXIS_US] == US_U, RULE_implicit_accesses_obey_smap) |
	       if_(implicit, RULE_implicit_accesses_obey_keys) |
	       if_(c->v[AXIS_SPAN] != SPAN_NONE, RULE_span_obeys_each_key) |
	       if_(kind == KIND_FETCH && e->data_denied, RULE_fetches_ignore_keys) |
	       if_(c->v[AXIS_MODE] == MODE_CPL1 || c->v[AXIS_MODE] == MODE_CPL2,
		   RULE_cpl_1_and_2_are_supervisors) |
	       if_(matrix_kinds[kind].access == ACCESS_NONE && !implicit,
		   RULE_untouched_memory_obeys_no_key) |
	       if_(c->v[AXIS_MODE] == MODE_COMPAT, RULE_keys_work_in_compatibility_mode);
}

/* Rules about the entries of a translation, beside their keys. */
static u64 about_levels(const struct mcase *c, const struct expectation *e)
{
	u32 present = c->v[AXIS_PRESENT];
	bool above = rw_above(c->v[AXIS_RW]) || xd_above(c->v[AXIS_XD]) || absent_above(present) ||
		     ps_above(present);

	return if_(c->v[AXIS_FLAGS] || c->v[AXIS_ABOVE], RULE_set_flags_change_no_rights) |
	       if_(c->v[AXIS_HALF] == HALF_HIGH, RULE_upper_half_works_as_the_lower) |
	       if_(above && e->other_denies, RULE_one_level_suffices_to_deny);
}

/* Rules about which key and which register count. */
static u64 about_pages(const struct mcase *c, const struct expectation *e)
{
	bool user_address = c->v[AXIS_US] == US_U, restricts = c->v[AXIS_RIGHTS] != RIGHTS_OPEN;
	bool data = is_data(c), pke = c->v[AXIS_PKU] != PKU_OFF;
	bool by_pkru = user_address && pke && data;

	return about_levels(c, e) | if_(c->v[AXIS_DECOY], RULE_non_leaf_keys_are_ignored) |
	       if_(c->v[AXIS_SIZE] == SIZE_2M, RULE_key_of_2mib_page_is_in_pde) |
	       if_(c->v[AXIS_SIZE] == SIZE_1G, RULE_key_of_1gib_page_is_in_pdpte) |
	       if_(c->v[AXIS_PKS] != PKS_ON && !user_address && restricts && data,
		   RULE_cr4_pks_0_restricts_nothing) |
	       if_(by_pkru && (e->key_denies || !restricts), RULE_user_addresses_obey_pkru) |
	       if_(user_address && data && restricts, RULE_user_addresses_ignore_pkrs) |
	       if_(c->v[AXIS_US] > US_U, RULE_one_supervisor_level_suffices) |
	       if_(!user_address && pke && data, RULE_supervisor_addresses_ignore_pkru) |
	       if_(c->v[AXIS_LEVELS] == LEVELS_5, RULE_five_levels_work_as_four) |
	       if_(c->v[AXIS_OTHERS] != OTHERS_OPEN, RULE_each_key_has_its_own_bits);
}

/* Rules about the key's two bits, where IA32_PKRS is what counts. */
static u64 about_rights(const struct mcase *c, const struct expectation *e)
{
	u32 kind = c->v[AXIS_KIND], r = c->v[AXIS_RIGHTS];
	bool writes = kind_writes(kind), wp = c->v[AXIS_WP] == WP_ON;
	bool obeyed = is_data(c) && c->v[AXIS_US] != US_U && c->v[AXIS_PKS] == PKS_ON;
	bool ad = obeyed && r & RIGHTS_AD, wd = obeyed && r == RIGHTS_WD;
	bool user = mode_is_user(c->v[AXIS_MODE]) && !kind_is_implicit(kind);

	return if_(ad && !wp, RULE_access_disable_ignores_wp) |
	       if_(ad, RULE_access_disable_denies_data) |
	       if_(wd && writes && !wp && !user, RULE_write_disable_obeys_wp) |
	       if_(wd && writes && (wp || user), RULE_write_disable_denies_writes) |
	       if_(wd && !writes, RULE_write_disable_permits_reads) |
	       if_(e->other_denies, RULE_keys_permit_nothing) |
	       if_(!e->key_denies, RULE_open_key_denies_nothing);
}

/* An ordinary process sees neither IA32_PKRS, which may hold anything, nor its entries. */
static const u64 unseen_by_process = BIT(RULE_user_addresses_ignore_pkrs) |
				     BIT(RULE_pkrs_is_left_alone) |
				     BIT(RULE_entries_keep_their_other_bits);

u64 rules_of(const struct mcase *c, const struct expectation *e)
{
	u64 rules = about_reports(c, e) | about_time(c) | about_accessors(c, e) |
		    about_pages(c, e) | about_rights(c, e);

	return machine_can.process ? rules & ~unseen_by_process : rules;
}

/* Returns the rules about reports that a difference in these aspects can break. */
static u64 broken_reports(const struct mismatch *m)
{
	u32 bits = m->expected_error ^ m->observed_error;
	u64 rules = 0;

	if (m->aspects & ASPECT_ERROR)
		rules |= bits == 2 ? BIT(RULE_modify_is_a_write) : 0;
	if (m->aspects & ASPECT_ERROR)
		rules |= bits & 32 ? BIT(RULE_pk_needs_a_translation) |
					     BIT(RULE_pk_is_set_beside_other_reasons) |
					     BIT(RULE_pk_is_set_only_by_a_key)
				   : BIT(RULE_error_code_describes_the_access);
	if (m->aspects & (ASPECT_ACCESSED | ASPECT_DIRTY))
		rules |= BIT(RULE_permitted_access_sets_a_and_d);
	if (m->aspects & ASPECT_ABOVE)
		rules |= BIT(RULE_every_level_gets_accessed);
	if (m->aspects & ASPECT_ENTRIES)
		rules |= BIT(RULE_entries_keep_their_other_bits);
	if (m->aspects & ASPECT_MEMORY)
		rules |= BIT(RULE_denied_access_changes_nothing) |
			 BIT(RULE_permitted_access_takes_effect);
	if (m->aspects & ASPECT_CR2)
		rules |= BIT(RULE_cr2_is_in_the_denied_page);
	if (m->aspects & ASPECT_RIP)
		rules |= BIT(RULE_saved_rip_is_the_faulting_instruction);
	if (m->aspects & ASPECT_PKRS)
		rules |= BIT(RULE_pkrs_is_left_alone);
	return rules;
}

/* The rules of the last group. */
#define REPORTS (~(BIT(RULE_permitted_access_takes_effect) - 1))

enum rule rule_broken(const struct mcase *c, const struct expectation *e, const struct mismatch *m)
{
	u64 rules = rules_of(c, e) | if_(c->v[AXIS_KEY], RULE_each_key_has_its_own_bits);
	u64 able = m->aspects & ASPECT_FAULT ? rules & ~REPORTS : rules & broken_reports(m);

	/* What is denied during a delivery is another rule's: this one is about a double fault. */
	if (m->observed_vector != VECTOR_DF)
		able &= ~BIT(RULE_key_fault_in_other_delivery_is_serial);

	/* A saved RIP is checked after a permitted access too. */
	if (!able && m->aspects & ASPECT_RIP)
		return RULE_saved_rip_is_the_faulting_instruction;
	return able ? (enum rule)(63 - __builtin_clzll(able))
		    : RULE_error_code_describes_the_access;
}

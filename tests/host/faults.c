// SPDX-License-Identifier: MIT
#include "tests/host/faults.h"
#include "tests/matrix/rules.h"

#include <stdio.h>
#include <stdlib.h>

#define R(name) BIT(RULE_##name)
#define NOTHING 0
#define ANY     (BIT(RULES) - 1)

/*
 * A span with two wrong halves reports the other half, or neither half is wrong alone. User mode is
 * a class of its own, and at a supervisor page only PK shows what the key denies.
 */
#define ECHOES (R(span_obeys_each_key) | R(cr2_is_in_the_denied_page) | R(pk_is_set_only_by_a_key))

/* What the CPU alone does, such as marking a descriptor, has no simpler kind. */
#define OWN_TOO R(implicit_accesses_obey_keys)

/* Both registers are read by the same code, so an error in one is in the other too. */
#define PKRU_TOO (R(user_addresses_obey_pkru) | R(user_addresses_ignore_pkrs))

/* What an access before can have set in the entry, or left in the TLB. */
#define AFTER_ANOTHER                                                                            \
	(R(pk_is_set_beside_other_reasons) | R(wrmsr_holds_at_once) | R(cr4_pks_holds_at_once) | \
	 R(cr0_wp_holds_at_once) | R(wrpkru_holds_at_once) | R(invlpg_brings_the_new_key) |      \
	 R(invlpg_brings_the_new_entry) | R(other_addresses_grant_nothing) |                     \
	 R(earlier_accesses_grant_nothing) | R(five_levels_work_as_four))

/* A key with wrong rights: too few and too many denials of all sorts. */
#define WRONG_RIGHTS                                                      \
	(R(access_disable_denies_data) | R(write_disable_denies_writes) | \
	 R(write_disable_permits_reads) | R(open_key_denies_nothing))

static const struct fault_text texts[FAULTS] = {
	[FAULT_NONE] = { .id = "none", .says = "no error" },
#define FAULT(name, says, rules, also) \
	[FAULT_##name] = { #name, says, FAULT_SEEN, rules, also, NULL },
#define EQUIVALENT(name, says, why) [FAULT_##name] = { #name, says, FAULT_EQUIVALENT, 0, 0, why },
#define UNSEEN(name, says, why)     [FAULT_##name] = { #name, says, FAULT_UNSEEN, 0, 0, why },
#include "tests/host/faults.inc"
};

enum fault soft_known;

const struct fault_text *fault_text(enum fault f)
{
	return &texts[f];
}

bool fault_is_planted(enum fault f)
{
	const char *part = getenv("PLANTED");
	u32 k, n;
	char end;

	if (!part || !*part)
		return true;
	if (sscanf(part, "%u/%u%c", &k, &n, &end) != 2 || !k || k > n) {
		fprintf(stderr, "PLANTED=%s is not K/N with K from 1 to N\n", part);
		exit(2);
	}
	return f % n == k - 1;
}

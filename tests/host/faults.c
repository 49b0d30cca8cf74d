// SPDX-License-Identifier: MIT
#include "tests/host/faults.h"
#include "tests/matrix/rules.h"

#define R(name) BIT(RULE_##name)
#define NOTHING 0
#define ANY     (BIT(RULES) - 1)

/*
 * A span with two wrong halves reports the other half, or neither half is wrong alone. A repeated
 * string that is not stopped in its first page is stopped in the next one: later, and perhaps with
 * another PK.
 */
#define ECHOES                                                   \
	(R(span_obeys_each_key) | R(cr2_is_in_the_denied_page) | \
	 R(denied_access_changes_nothing) | R(pk_is_set_beside_other_reasons))

/* Both registers are read by the same code, so an error in one is in the other too. */
#define PKRU_TOO (R(user_addresses_obey_pkru) | R(user_addresses_ignore_pkrs))

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

const struct fault_text *fault_text(enum fault f)
{
	return &texts[f];
}

/* SPDX-License-Identifier: MIT */
/*
 * The rules that the matrix checks. A rule's name is its test's; rules_of() says to which cases it
 * applies. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_RULES_H
#define KEYWARD_TESTS_MATRIX_RULES_H

#include "tests/matrix/judge.h"

/*
 * In groups. A rule that speaks of the key directly comes before one that shows a broken key by an
 * echo: so the suite reports a broken WD as WD first. Of the rules that could explain a mismatch
 * the last one is blamed, as it is the most specific. So a new rule goes to the end of its group.
 */

/* What any key may do, and its two bits. */
#define RULES_OF_KEYS(R)                                                                         \
	R(open_key_denies_nothing, "Protection Keys", "with AD = WD = 0 the key denies nothing") \
	R(keys_permit_nothing, "Determination of Access Rights",                                 \
	  "what U/S, R/W, XD, SMAP or SMEP deny is denied whatever the key's rights")            \
	R(access_disable_denies_data, "Protection Keys", "AD = 1 denies every data access")      \
	R(access_disable_ignores_wp, "Protection Keys",                                          \
	  "AD = 1 denies every data access whatever CR0.WP says")                                \
	R(write_disable_denies_writes, "Protection Keys", "WD = 1 denies writes")                \
	R(write_disable_obeys_wp, "Protection Keys",                                             \
	  "with CR0.WP = 0 WD does not affect a supervisor's writes")                            \
	R(write_disable_permits_reads, "Protection Keys", "WD = 1 does not affect reads")

/* Which register rules, and which key. */
#define RULES_OF_PAGES(R)                                                                         \
	R(each_key_has_its_own_bits, "Protection Keys",                                           \
	  "key i is ruled by bits 2i and 2i+1 alone")                                             \
	R(supervisor_addresses_ignore_pkru, "Protection Keys",                                    \
	  "PKRU does not affect accesses to supervisor-mode addresses")                           \
	R(one_supervisor_level_suffices, "Determination of Access Rights",                        \
	  "U/S = 0 in any entry of the translation makes a supervisor-mode address")              \
	R(user_addresses_ignore_pkrs, "Protection Keys",                                          \
	  "IA32_PKRS does not affect accesses to user-mode addresses")                            \
	R(user_addresses_obey_pkru, "Protection Keys",                                            \
	  "data accesses to user-mode addresses, by any CPL, obey PKRU if CR4.PKE = 1")           \
	R(cr4_pks_0_restricts_nothing, "Protection Keys",                                         \
	  "with CR4.PKS = 0 IA32_PKRS restricts nothing")                                         \
	R(key_of_1gib_page_is_in_pdpte, "Protection Keys",                                        \
	  "the key of a 1 GiB page is in its PDPTE")                                              \
	R(key_of_2mib_page_is_in_pde, "Protection Keys", "the key of a 2 MiB page is in its PDE") \
	R(non_leaf_keys_are_ignored, "4-Level Paging and 5-Level Paging",                         \
	  "bits 62:59 of entries that map no page mean nothing")

/* Who accesses, and how. */
#define RULES_OF_ACCESSORS(R)                                                                   \
	R(fetches_ignore_keys, "Protection Keys",                                               \
	  "instruction fetches are never affected by keys")                                     \
	R(span_obeys_each_key, "Protection Keys",                                               \
	  "an access that spans two pages obeys each page's key")                               \
	R(implicit_accesses_obey_keys, "Determination of Access Rights",                        \
	  "the CPU's own accesses are supervisor-mode data accesses and obey keys at any CPL")  \
	R(implicit_accesses_obey_smap, "Determination of Access Rights",                        \
	  "for the CPU's own accesses SMAP holds whatever EFLAGS.AC says")                      \
	R(key_fault_in_fault_delivery_is_double, "Interrupt 8-Double Fault Exception (#DF)",    \
	  "a page fault by a key during the delivery of a page fault is a double fault")        \
	R(key_fault_in_other_delivery_is_serial, "Interrupt 8-Double Fault Exception (#DF)",    \
	  "a page fault by a key during any other delivery is delivered in its turn")           \
	R(cpl_1_and_2_are_supervisors, "Access Rights",                                         \
	  "accesses at CPL 1 and 2 are supervisor-mode accesses")                               \
	R(upper_half_works_as_the_lower, "4-Level Paging and 5-Level Paging",                   \
	  "keys work alike in both halves of the linear-address space")                         \
	R(set_flags_change_no_rights, "Accessed and Dirty Flags",                               \
	  "A and D that are set already, at any level, change no rights")                       \
	R(keys_work_in_compatibility_mode, "Protection Keys",                                   \
	  "keys work in all of IA-32e mode, 32-bit code at CPL 3 included")                     \
	R(five_levels_work_as_four, "4-Level Paging and 5-Level Paging",                        \
	  "keys work alike with 4 and 5 levels of paging")                                      \
	R(one_level_suffices_to_deny, "Determination of Access Rights",                         \
	  "P = 0, R/W = 0 or XD = 1 in any entry of the translation denies")                    \
	R(untouched_memory_obeys_no_key, "Vol. 2: LEA, NOP, PREFETCHh, INVLPG, VPMASKMOV, REP", \
	  "what touches no memory is not denied: LEA, PREFETCH, masked elements, a count of 0")

/* What changed before. */
#define RULES_OF_TIME(R)                                                                          \
	R(stale_key_is_old_or_new, "Caching Translation Information",                             \
	  "after a change of the entry's key the old one holds or the new one, and nothing else") \
	R(earlier_accesses_grant_nothing, "Caching Translation Information",                      \
	  "what another kind of access, or another CPL, left in the TLB changes no rights")       \
	R(other_addresses_grant_nothing, "Caching Translation Information",                       \
	  "a translation is used for its own linear address, and for no other")                   \
	R(what_was_absent_needs_no_invlpg, "Optional Invalidation",                               \
	  "an entry with P = 0 is cached nowhere: once P is 1 it holds")                          \
	R(invlpg_brings_the_new_entry, "Invalidation of TLBs and Paging-Structure Caches",        \
	  "after a change of R/W, U/S, XD or P in an entry and INVLPG the new one holds")         \
	R(mov_to_cr3_brings_the_new_key, "Invalidation of TLBs and Paging-Structure Caches",      \
	  "after a change of the entry's key and MOV to CR3 the new key holds")                   \
	R(invlpg_brings_the_new_key, "Invalidation of TLBs and Paging-Structure Caches",          \
	  "after a change of the entry's key and INVLPG the new key holds")                       \
	R(each_access_is_judged_anew, "Determination of Access Rights",                           \
	  "what an access before was permitted or denied says nothing about the next one")        \
	R(wrpkru_holds_at_once, "Protection Keys",                                                \
	  "rights written to PKRU hold from the next access on, without a flush")                 \
	R(cr0_wp_holds_at_once, "Control Registers",                                              \
	  "a change of CR0.WP holds from the next access on, without a flush")                    \
	R(cr4_pks_holds_at_once, "Control Registers",                                             \
	  "a change of CR4.PKS holds from the next access on, without a flush")                   \
	R(wrmsr_holds_at_once, "Protection Keys",                                                 \
	  "rights written to IA32_PKRS hold from the next access on, without a flush")

/* What is left behind, and reported. */
#define RULES_OF_REPORTS(R)                                                                       \
	R(permitted_access_takes_effect, "Determination of Access Rights",                        \
	  "a permitted access reads and writes what memory holds")                                \
	R(denied_access_changes_nothing, "Page-Fault Exceptions",                                 \
	  "a denied access leaves memory as it was")                                              \
	R(entries_keep_their_other_bits, "Accessed and Dirty Flags",                              \
	  "of the entries an access sets A, and D of the leaf; it clears and changes nothing")    \
	R(every_level_gets_accessed, "Accessed and Dirty Flags",                                  \
	  "a permitted access sets A in each entry of its translation")                           \
	R(permitted_access_sets_a_and_d, "Accessed and Dirty Flags",                              \
	  "a permitted access sets A, only a permitted write sets D")                             \
	R(error_code_describes_the_access, "Page-Fault Exceptions",                               \
	  "P, W/R, U/S, RSVD and I/D of the error code describe the access")                      \
	R(pk_is_set_only_by_a_key, "Page-Fault Exceptions",                                       \
	  "PK is 1 if and only if a key denies the access")                                       \
	R(pk_is_set_beside_other_reasons, "Page-Fault Exceptions",                                \
	  "PK does not depend on whether another rule denies the access as well")                 \
	R(pk_needs_a_translation, "Page-Fault Exceptions",                                        \
	  "PK is 0 where the page is not present")                                                \
	R(modify_is_a_write, "Page-Fault Exceptions", "a read-modify-write is a write: W is set") \
	R(cr2_is_in_the_denied_page, "Interrupt 14-Page-Fault Exception (#PF)",                   \
	  "CR2 is the address of a byte of the access, in the page that was denied")              \
	R(saved_rip_is_the_faulting_instruction, "Interrupt 14-Page-Fault Exception (#PF)",       \
	  "the saved CS:RIP is that of the instruction that faulted")                             \
	R(pkrs_is_left_alone, "Protection Keys", "no access and no fault changes IA32_PKRS")

#define MATRIX_RULES(R)  \
	RULES_OF_KEYS(R) \
	RULES_OF_PAGES(R) RULES_OF_ACCESSORS(R) RULES_OF_TIME(R) RULES_OF_REPORTS(R)

#define MATRIX_RULE_ENUM(name, sdm, says) RULE_##name,
enum rule { MATRIX_RULES(MATRIX_RULE_ENUM) RULES };

/* Static text: the name, the SDM's section (Vol. 3A) by title, the rule in one sentence. */
struct rule_text {
	const char *name, *sdm, *says;
};
const struct rule_text *rule_text(enum rule r);

/* Returns the rules that a case checks, as bits. Of the key only its rights matter. */
u64 rules_of(const struct mcase *c, const struct expectation *e);

/* Returns the rule that this difference breaks, for a case that is as simple as it can be. */
enum rule rule_broken(const struct mcase *c, const struct expectation *e, const struct mismatch *m);

#endif

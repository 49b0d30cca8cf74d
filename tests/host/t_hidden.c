/* SPDX-License-Identifier: MIT */
/*
 * A known divergence hides no other error. Each error that can be planted in the software machine
 * is planted beside each of a few that stand for known divergences of emulators; then the matrix's
 * classes must not be those that the known one has alone. What this cannot know: whether the host's
 * tools compare all of a class (tests/system/tools/test_divergence.py does).
 */
#include "tests/host/harness.h"

#include "tests/host/faults.h"
#include "tests/matrix/run.h"

/* What the list of a machine holds, as machines/classes/NAME does. */
static struct matrix alone[SLICES], both;
static u32 pairs, by_name;

/* Pairs in which the known error leaves the other one nothing to do: one machine, with or without
 * it. */
static const struct {
	enum fault known, planted;
	const char *why;
} idle[] = {
#define IDLE(known, planted, why)                   \
	{                                           \
		FAULT_##known, FAULT_##planted, why \
	}
	IDLE(rights_survive_cr4_pks, gdt_mark_ignores_keys, "the read's rights hold for the write"),
	IDLE(rights_survive_cr4_pks, gate_segment_mark_ignores_keys,
	     "the read's rights hold for the write"),
	IDLE(rights_survive_cr4_pks, ss_mark_ignores_keys, "the read's rights hold for the write"),
	IDLE(rights_survive_cr4_pks, iret_mark_ignores_keys,
	     "the read's rights hold for the write"),
	IDLE(rights_survive_cr4_pks, busy_bit_ignores_keys, "the read's rights hold for the write"),
	IDLE(rights_survive_cr4_pks, stale_key_is_mixed,
	     "no key is looked at, the rights are kept"),
	IDLE(smap_obeys_ac_always, lgdt_is_by_the_processor, "AC counts for both"),
	IDLE(cpl_chooses_register, user_asks_pkru, "user mode asks PKRU already"),
	IDLE(cpl_chooses_register, leaf_chooses_register, "the CPL has chosen already"),
	IDLE(cpl_chooses_register, upper_chooses_register, "the CPL has chosen already"),
	IDLE(upper_us_alone, upper_chooses_register, "U/S above the leaf has chosen already"),
	IDLE(upper_us_alone, us_of_pdpte_ignored, "only the entry above the leaf counts"),
	IDLE(upper_us_alone, us_of_pml4e_ignored, "only the entry above the leaf counts"),
	IDLE(upper_us_alone, us_of_pml5e_ignored, "only the entry above the leaf counts"),
	IDLE(pkru_spares_supervisors, pkru_wd_without_wp, "PKRU binds no supervisor anyway"),
	IDLE(pkru_spares_supervisors, fill_by_user_skips_pkru_for_others,
	     "PKRU binds no supervisor anyway"),
};

static const char *why_idle(enum fault known, enum fault planted)
{
	for (u32 i = 0; i < ARRAY_SIZE(idle); i++)
		if (idle[i].known == known && idle[i].planted == planted)
			return idle[i].why;
	return NULL;
}

static void run(struct matrix *m, enum fault known, enum fault planted, enum slice slice)
{
	memset(m, 0, sizeof(*m));
	soft_known = known;
	soft_fault = planted;
	assert_null(machine_setup());
	matrix_run(m, slice, NULL);
	machine_teardown();
	soft_known = soft_fault = FAULT_NONE;
}

static bool same_name(const struct divergence *a, const struct divergence *b)
{
	return a->rule == b->rule && !memcmp(&a->small, &b->small, sizeof(a->small));
}

static bool same_tally(const struct tally *a, const struct tally *b)
{
	return a->count == b->count && a->digest == b->digest;
}

static bool same_class(const struct divergence *a, const struct divergence *b)
{
	return same_name(a, b) && !memcmp(a->needs, b->needs, sizeof(a->needs)) &&
	       mismatch_same(&a->mismatch, &b->mismatch) && same_tally(&a->exact, &b->exact) &&
	       same_tally(&a->by_tlb, &b->by_tlb);
}

/* True if each class of `now` has an equal in `list`, and the other way round. */
static bool same_classes(const struct classes *now, const struct classes *list,
			 bool (*same)(const struct divergence *a, const struct divergence *b))
{
	u32 found = 0;

	for (u32 i = 0; i < now->count; i++)
		for (u32 j = 0; j < list->count; j++)
			found += same(&now->list[i], &list->list[j]);
	return found == now->count && found == list->count && now->lost == list->lost;
}

/* True if the matrix tells the two errors from the known one alone. */
static bool told_apart(enum fault known, enum fault planted)
{
	for (enum slice s = SLICE_BRIEF; s <= SLICE_WHOLE; s++) {
		run(&both, known, planted, s);
		by_name += s == SLICE_BRIEF &&
			   same_classes(&both.classes, &alone[s].classes, same_name);
		if (!same_classes(&both.classes, &alone[s].classes, same_class))
			return true;
	}
	return false;
}

static void hides_nothing(void **state)
{
	enum fault known = (enum fault)(uintptr_t)*state;
	u32 before = pairs;
	bool as_listed = true;

	for (enum slice s = SLICE_BRIEF; s <= SLICE_WHOLE; s++) {
		run(&alone[s], known, FAULT_NONE, s);
		assert_int_not_equal(alone[s].classes.count, 0);
	}
	for (enum fault f = FAULT_NONE + 1; f < FAULTS; f++) {
		const char *why = why_idle(known, f);

		if (f == known || fault_text(f)->state != FAULT_SEEN || !fault_is_planted(f))
			continue;
		pairs++;
		if (told_apart(known, f) == !why)
			continue;
		printf("# beside %s %s is %s\n", fault_text(known)->id, fault_text(f)->id,
		       why ? "listed as idle, but seen" : "hidden");
		as_listed = false;
	}
	fflush(stdout);
	assert_true(as_listed);
	assert_true(pairs > before); /* a part of many may be empty: that is no success */
}

#define KNOWN(error)                                              \
	{                                                         \
		.name = #error, .test_func = hides_nothing,       \
		.initial_state = (void *)(uintptr_t)FAULT_##error \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		KNOWN(w_missing_for_locked),    /* QEMU */
		KNOWN(smap_obeys_ac_always),    /* QEMU, Bochs */
		KNOWN(rights_survive_cr4_pks),  /* QEMU */
		KNOWN(cpl_chooses_register),    /* Bochs 3.0 */
		KNOWN(upper_us_alone),          /* Bochs 3.1 */
		KNOWN(pkru_spares_supervisors), /* of kernel mode alone */
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	printf("# %u pairs of errors, %u idle; in a brief slice %u have the known one's rules and "
	       "smallest cases\n",
	       pairs, (u32)ARRAY_SIZE(idle), by_name);
	return failed;
}

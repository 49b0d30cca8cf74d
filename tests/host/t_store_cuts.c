/* SPDX-License-Identifier: MIT */
/*
 * The store, whose power goes before each store, flush and fence in turn, on memory that tears and
 * reorders (power.h). t_store_cuts OPERATIONS SEED plays more and prints the counts.
 */
#include "tests/host/harness.h"

#include "tests/host/pmem_check.h"
#include "tests/host/power.h"
#include "tests/store/store_scan.h"
#include "tests/store/work.h"

#define IDS         5
#define LONGEST     280 /* bytes of a record: areas of 4 KiB, so that a compaction comes soon */
#define OPERATIONS  20
#define SEED        3
#define MANY        12  /* of so many uncertain words, each is played alone */
#define RANDOM      6   /* sets of words at random, for each cut */
#define BY_THE_TOOL 16  /* of so many images one is shown to tools/pmem-check too */
#define NESTED      401 /* of so many images one has its repair cut too */

static struct {
	u64 cuts, images, repairs_cut, compactions;
} count;

/* The state before the operation that is cut, and where it is played. */
static struct power before, during;
static struct store store, store_before;
static struct store_work work, play, after;

/* Checks one image: the store is as it was before the operation that was cut, or as it was after.
 */
static void check_store(struct power *p, enum store_mode mode, struct store *s, const char *how)
{
	struct store_report report;
	const char *wrong;
	int err = store_open(s, &p->media, mode, &report);
	u32 id;

	if (err)
		fail_msg("%s: after operation %llu and a cut: refused (%d): %s, byte %llu", how,
			 (unsigned long long)work.done, err, report.why,
			 (unsigned long long)report.at);
	play = s->super.seq == after.done ? after : work;
	wrong = store_work_check(&play, s, &id);
	if (wrong)
		fail_msg(
			"%s: after operation %llu and a cut, operation %llu is the last: %s, id %u",
			how, (unsigned long long)work.done, (unsigned long long)s->super.seq, wrong,
			id);
}

static void check_repaired(struct power *p)
{
	struct store_report report;

	assert_int_equal(power_uncertain(p), 0);
	assert_int_equal(store_verify(&p->media, &report), 0);
	if (!store_is_clean(&report))
		fail_msg("a repair leaves something: copies %d %d, %llu bytes from %llu",
			 report.copy[0], report.copy[1], (unsigned long long)report.residue,
			 (unsigned long long)report.first);
}

/* One image after a cut in a repair. */
static void check_again(void *arg, const u64 *image)
{
	static struct power p;
	static struct store s;

	(void)arg;
	count.images++;
	power_on(&p, image, POWER_SIZE);
	check_store(&p, STORE_WORK, &s, "a repair was cut");
	check_repaired(&p);
}

/* Cuts the repair of an image before its first events, and some of the later ones. */
static void cut_the_repair(const u64 *image)
{
	static struct power p;
	static struct store s;
	static struct store_report report;

	for (volatile u64 cut = 0;; cut += 1 + cut / 8) {
		power_on(&p, image, POWER_SIZE);
		p.cut_at = cut;
		if (!setjmp(p.off)) {
			assert_int_equal(store_open(&s, &p.media, STORE_WORK, &report), 0);
			return;
		}
		count.repairs_cut++;
		power_each_image(&p, 3, 2, check_again, NULL);
	}
}

/* tools/pmem-check, which reads in its own way, sees no damage either. */
static void check_by_the_tool(const u64 *image, bool clean)
{
	static FILE *nowhere;
	int status;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	status = pmem_check((const u8 *)image, POWER_SIZE, false, nowhere);
	if (status != (clean ? CHECK_CLEAN : CHECK_REPAIR))
		fail_msg("tools/pmem-check finds status %d after a cut, the store is %s", status,
			 clean ? "clean" : "to be repaired");
}

/* One image after a cut in an operation. */
static void check_image(void *arg, const u64 *image)
{
	static struct power p;
	static struct store s;
	struct store_report report;

	(void)arg;
	power_on(&p, image, POWER_SIZE);
	check_store(&p, STORE_LOOK, &s, "opened to be looked at");
	assert_int_equal(p.events, 0);
	if (count.images % BY_THE_TOOL == 0) {
		assert_int_equal(store_verify(&p.media, &report), 0);
		check_by_the_tool(image, store_is_clean(&report));
	}
	check_store(&p, STORE_WORK, &s, "opened to work");
	check_repaired(&p);
	if (count.images++ % NESTED == 0)
		cut_the_repair(image);
}

/* Plays the next operation with a cut before event number `cut`; false: it ended before that. */
static bool next_is_cut(u64 cut)
{
	during = before;
	during.events = 0;
	during.cut_at = cut;
	store = store_before;
	store.media = &during.media;
	during.media.ctx = &during;
	play = work;
	if (!setjmp(during.off)) {
		assert_int_equal(store_work_next(&play, &store), 0);
		return false;
	}
	count.cuts++;
	power_each_image(&during, MANY, RANDOM, check_image, NULL);
	return true;
}

static void play_cuts(u32 operations, u64 seed)
{
	struct store_report report;

	memset(&count, 0, sizeof(count));
	power_on(&before, NULL, POWER_SIZE);
	assert_int_equal(store_format(&before.media), 0);
	assert_int_equal(store_open(&store_before, &before.media, STORE_WORK, &report), 0);
	store_work_begin(&work, seed, IDS, LONGEST);
	for (u32 i = 0; i < operations; i++) {
		after = work;
		store_work_skip(&after);
		for (u64 cut = 0; next_is_cut(cut);)
			cut++;
		/* What is acknowledged is on the medium, and nothing is left to be done. */
		if (power_uncertain(&during))
			fail_msg("operation %u has returned, and %u words may still be lost", i + 1,
				 power_uncertain(&during));
		count.compactions += store.super.area != store_before.super.area;
		check_repaired(&during);
		before = during;
		before.cut_at = POWER_NEVER;
		before.media.ctx = &before;
		store_before = store;
		store_before.media = &before.media;
		work = after;
	}
}

static void no_cut_loses_an_acknowledged_record_or_leaves_half_of_another(void **state)
{
	(void)state;
	play_cuts(OPERATIONS, SEED);
	assert_true(count.compactions > 0);
	assert_true(count.cuts > 500);
	assert_true(count.repairs_cut > 500);
}

/* What a cut in a format may leave: the old store, nothing that opens, or the empty store. */
static void check_formatted(void *arg, const u64 *image)
{
	static struct power p;
	static struct store s;
	struct store_report report;
	u32 id;

	(void)arg;
	power_on(&p, image, POWER_SIZE);
	if (store_open(&s, &p.media, STORE_WORK, &report)) {
		assert_non_null(report.why);
		assert_int_equal(p.events, 0);
		return;
	}
	if (s.super.seq) {
		play = work;
		assert_null(store_work_check(&play, &s, &id));
	} else {
		assert_int_equal(s.super.ids, 0);
	}
	check_repaired(&p);
}

static void a_format_that_is_cut_leaves_the_old_store_an_empty_one_or_none(void **state)
{
	struct store_report report;

	(void)state;
	play_cuts(0, SEED);
	while (work.done < 30)
		assert_int_equal(store_work_next(&work, &store_before), 0);
	for (volatile u64 cut = 0;; cut += 3) {
		during = before;
		during.media.ctx = &during;
		during.events = 0;
		during.cut_at = cut;
		if (!setjmp(during.off)) {
			assert_int_equal(store_format(&during.media), 0);
			break;
		}
		power_each_image(&during, 8, 2, check_formatted, NULL);
	}
	assert_int_equal(power_uncertain(&during), 0);
	assert_int_equal(store_open(&store, &during.media, STORE_LOOK, &report), 0);
	assert_true(store_is_clean(&report));
	assert_int_equal(store.super.seq, 0);
}

static void an_operation_without_room_leaves_nothing_uncertain(void **state)
{
	struct store_report report;
	int id = 0;

	(void)state;
	play_cuts(0, SEED);
	for (u32 n = 0; id >= 0; n++)
		id = store_append(&store_before, before.now, 200 + n);
	assert_int_equal(id, -ENOSPC);
	assert_int_equal(power_uncertain(&before), 0);
	assert_int_equal(store_verify(&before.media, &report), 0);
	assert_true(store_is_clean(&report));
	assert_int_equal(report.super.area, 1); /* it tried a compaction */
	assert_int_equal(store_read(&store_before, report.super.ids - 1, during.now, 0),
			 200 + report.super.ids - 1);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_cut_loses_an_acknowledged_record_or_leaves_half_of_another),
		cmocka_unit_test(a_format_that_is_cut_leaves_the_old_store_an_empty_one_or_none),
		cmocka_unit_test(an_operation_without_room_leaves_nothing_uncertain),
	};
	u64 seed;

	if (argc == 1)
		return cmocka_run_group_tests(tests, NULL, NULL);
	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : SEED;
	play_cuts((u32)strtoul(argv[1], NULL, 0), seed);
	printf("# model: seed %llu: %llu cuts in %s operations with %llu compactions, %llu cuts in "
	       "repairs; %llu images, each recovered\n",
	       (unsigned long long)seed, (unsigned long long)count.cuts, argv[1],
	       (unsigned long long)count.compactions, (unsigned long long)count.repairs_cut,
	       (unsigned long long)count.images);
	return 0;
}

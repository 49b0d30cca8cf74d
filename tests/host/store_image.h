/* SPDX-License-Identifier: MIT */
/*
 * A store with some records on a medium, to be damaged by tests, and what may become of it then.
 * tools/pmem-check reads each of these images too, and must agree. For files with one main().
 */
#ifndef KEYWARD_TESTS_HOST_STORE_IMAGE_H
#define KEYWARD_TESTS_HOST_STORE_IMAGE_H

#include "tests/host/pmem_check.h"
#include "tests/host/power.h"
#include "tests/store/crc32c.h"
#include "tests/store/store_scan.h"
#include "tests/store/work.h"

#define SIZE       POWER_SIZE
#define OPERATIONS 9

static struct power p;
static struct store s;
static struct store_report report;
static struct store_work work;
static u64 whole[POWER_WORDS]; /* a store with some records, clean */
static struct store_super super;
static FILE *nowhere;

static int setup(void **state)
{
	(void)state;
	nowhere = fopen("/dev/null", "w");
	power_on(&p, NULL, SIZE);
	assert_int_equal(store_format(&p.media), 0);
	assert_int_equal(store_open(&s, &p.media, STORE_WORK, &report), 0);
	store_work_begin(&work, 11, 4, 150);
	while (work.done < OPERATIONS)
		assert_int_equal(store_work_next(&work, &s), 0);
	assert_int_equal(s.super.area, 0);
	super = s.super;
	memcpy(whole, p.now, SIZE);
	return nowhere ? 0 : -1;
}

static u8 *byte(u64 at)
{
	return (u8 *)p.now + at;
}

/* The image in `p` opens in both modes, and is as `whole` again after a repair. */
static inline void assert_recovered(const char *what, u64 at)
{
	static u64 damaged[POWER_WORDS];
	const char *wrong;
	u32 id;

	memcpy(damaged, p.now, SIZE);
	if (pmem_check((u8 *)p.now, SIZE, false, nowhere) != CHECK_REPAIR)
		fail_msg("%s at %llu: tools/pmem-check sees no repair", what,
			 (unsigned long long)at);
	if (store_open(&s, &p.media, STORE_LOOK, &report))
		fail_msg("%s at %llu: refused: %s", what, (unsigned long long)at, report.why);
	assert_false(store_is_clean(&report));
	wrong = store_work_check(&work, &s, &id);
	if (wrong)
		fail_msg("%s at %llu: %s, id %u", what, (unsigned long long)at, wrong, id);
	assert_memory_equal(p.now, damaged, SIZE);
	assert_int_equal(store_open(&s, &p.media, STORE_WORK, &report), 0);
	if (memcmp(p.now, whole, SIZE))
		fail_msg("%s at %llu: the repair does not bring back each byte", what,
			 (unsigned long long)at);
}

/* It is refused in both modes, with this reason, and not written. */
static inline void assert_refused(const char *why, int error, u64 size)
{
	static u64 damaged[POWER_WORDS];
	u64 at;

	memcpy(damaged, p.now, SIZE);
	p.media.size = size;
	for (u32 mode = STORE_LOOK; mode <= STORE_WORK; mode++) {
		int got = store_open(&s, &p.media, (enum store_mode)mode, &report);

		if (got != error || !report.why || strcmp(report.why, why))
			fail_msg("expected %d, %s; got %d, %s", error, why, got, report.why);
		at = report.at;
		assert_int_equal(store_verify(&p.media, &report), error);
		assert_int_equal(report.at, at);
		assert_int_equal(store_append(&s, "a", 1), -EACCES);
		assert_memory_equal(p.now, damaged, SIZE);
		assert_int_equal(p.events, 0);
	}
	if (pmem_check((u8 *)p.now, size, false, nowhere) != CHECK_DAMAGED)
		fail_msg("tools/pmem-check does not agree: %s", why);
}

#endif

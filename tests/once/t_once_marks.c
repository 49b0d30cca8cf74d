// SPDX-License-Identifier: MIT
/*
 * Marks, in the page and in the hash: one event while a mark is added, removed or counted, which
 * adds and removes itself. What this cannot know: a walk of the hash that another CPU overtakes
 * twice.
 */
#define KTEST_SUITE "once"

#include "kernel/lib/string.h"
#include "mm/kmap/kmap.h"
#include "pks/policy/global.h"
#include "pks/policy/mark_hash.h"
#include "pks/policy/marks.h"
#include "tests/once/once.h"

static struct prot_page page;
static u32 want; /* marks of the page, as the steps so far come to */

static void add(void)
{
	kmap(page.page);
	want++;
}

static void drop(void)
{
	kunmap(page.page);
	want--;
}

/* Three marks, so that no step of the event meets a page without one. */
static void begin_marks(void)
{
	want = 0;
	add();
	add();
	add();
}

static void run_marks(void)
{
	kunmap(page.page);
	kmap(page.page);
	kmap(page.page);
	kunmap(page.page);
}

static void event_marks(u32 turn)
{
	switch (turn % 5) {
	case 0:
		add();
		break;
	case 1:
		drop();
		break;
	case 2:
		add();
		drop();
		break;
	case 3:
		drop();
		add();
		break;
	default:
		add();
		ONCE_EQ(policy_write(page.va).vector, FAULT_NONE, "a marked page is pardoned");
	}
	ONCE_EQ(page_marks(page.page) > 0, true, "three kmap()s have no kunmap() yet");
}

static void end_marks(void)
{
	ONCE_EQ(page_marks(page.page), want, "each kmap() is one mark, each kunmap() removes one");
	ONCE_EQ(pks_global_marks(PKS_KEY_DEVMAP), want, "each mark is one of its key");
	while (want)
		drop();
	ONCE_EQ(page_marks(page.page), 0, "no mark is left");
	ONCE_EQ(policy_write(page.va).vector, X86_PF, "a page without marks is not pardoned");
}

static void marks_survive_one_event(void)
{
	static const struct once once = { "marks",     ONCE_ALL | BIT(ONCE_ELSEWHERE),
					  false,       2,
					  begin_marks, run_marks,
					  event_marks, end_marks };
	enum pks_marks before = options.marks;

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!prot_page_get(&page, PKS_KEY_DEVMAP))
		return;
	for (enum pks_marks marks = 0; marks < PKS_MARKS; marks++) {
		pks_marks_set(marks);
		once_on_first_and_last(&once, 600);
	}
	pks_marks_set(before);
	prot_page_put(&page);
}
KTEST(marks_survive_one_event, KT_PKS);

/* A hash of the test's own, with frames that all begin their walk at one slot. */
#define FRAMES 3

static struct mark_hash hash;
static u64 frame[FRAMES];
static u32 count[FRAMES]; /* what the hash is to have */

static u32 first_slot(u64 pfn)
{
	u32 i = 0;

	mark_hash_add(&hash, pfn);
	while (i < MARK_HASH_SLOTS && hash.slot[i] >> 24 != pfn + 1)
		i++;
	mark_hash_remove(&hash, pfn);
	return i;
}

/* False: no three frames meet in a slot. */
static bool find_frames(void)
{
	u32 found = 1, slot;

	memset(&hash, 0, sizeof(hash));
	frame[0] = 0x12345;
	slot = first_slot(frame[0]);
	for (u64 pfn = frame[0] + 1; found < FRAMES && pfn < frame[0] + 100000; pfn++)
		if (first_slot(pfn) == slot)
			frame[found++] = pfn;
	return found == FRAMES;
}

static void hash_add(u32 i)
{
	ONCE_EQ(mark_hash_add(&hash, frame[i]), true, "the hash has room");
	count[i]++;
}

static void hash_remove(u32 i)
{
	ONCE_EQ(mark_hash_remove(&hash, frame[i]), true, "the frame has a mark");
	count[i]--;
}

/* Frame 2 is behind the others, and frame 1 again behind it: its count is the sum of two slots. */
static void begin_hash(void)
{
	memset(&hash, 0, sizeof(hash));
	memset(count, 0, sizeof(count));
	hash_add(0);
	hash_add(2);
	hash_add(1);
	hash_add(1);
	hash_add(2);
}

static struct {
	u64 counted[2];
	bool added, removed[2];
} hash_saw;

static void run_hash(void)
{
	hash_saw.counted[0] = mark_hash_count(&hash, frame[1]);
	hash_saw.removed[0] = mark_hash_remove(&hash, frame[0]); /* frees the first slot */
	hash_saw.added = mark_hash_add(&hash, frame[1]);         /* which this takes */
	hash_saw.counted[1] = mark_hash_count(&hash, frame[2]);
	hash_saw.removed[1] = mark_hash_remove(&hash, frame[2]);
}

/* Leaves one more or less of a frame behind; what is in front of it comes and goes. */
static void event_hash(u32 turn)
{
	switch (turn % 6) {
	case 0:
		hash_add(0);
		break;
	case 1:
		hash_add(1);
		break;
	case 2:
		hash_remove(2);
		hash_add(1);
		break;
	case 3:
		hash_add(2);
		hash_remove(1);
		break;
	case 4:
		hash_add(0);
		hash_remove(2);
		hash_remove(0);
		break;
	default:
		ONCE_EQ(mark_hash_count(&hash, frame[1]) > 0, true, "two of its marks stay");
		ONCE_EQ(mark_hash_count(&hash, frame[2]) > 0, true, "one of its marks stays");
	}
}

static void expect_counts(void)
{
	for (u32 i = 0; i < FRAMES; i++)
		ONCE_EQ(mark_hash_count(&hash, frame[i]), count[i], "no mark is lost or doubled");
}

/* With all marks gone, every slot is free and none counts as passed. */
static void expect_empty(void)
{
	u64 marks = 0, passed = 0;

	for (u32 i = 0; i < FRAMES; i++)
		while (count[i] && mark_hash_remove(&hash, frame[i]))
			count[i]--;
	for (u32 i = 0; i < MARK_HASH_SLOTS; i++) {
		marks += hash.slot[i] & MARK_HASH_MAX;
		passed += hash.passed[i];
	}
	ONCE_EQ(marks, 0, "each mark that was added can be removed");
	ONCE_EQ(passed, 0, "a removed mark counts as passed nowhere");
}

static void end_hash(void)
{
	count[0]--;
	count[1]++;
	count[2]--;
	ONCE_EQ(hash_saw.added && hash_saw.removed[0] && hash_saw.removed[1], true,
		"each frame has a mark to remove, whatever the event does");
	ONCE_EQ(hash_saw.counted[0] > 0 && hash_saw.counted[0] <= 3, true,
		"a frame that has two marks, or three or one at times, is not counted as free");
	ONCE_EQ(hash_saw.counted[1] > 0 && hash_saw.counted[1] <= 3, true, "the same for a third");
	expect_counts();
	expect_empty();
}

static void the_hash_of_marks_survives_one_event(void)
{
	static const struct once once = { "hash of marks", ONCE_ALL, false,      2,
					  begin_hash,      run_hash, event_hash, end_hash };

	REQUIRE(find_frames());
	once_on_first_and_last(&once, 1000);
}
KTEST(the_hash_of_marks_survives_one_event, KT_PKS);

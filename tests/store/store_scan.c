/* SPDX-License-Identifier: MIT */
#include "tests/store/store_scan.h"

#include "kernel/lib/string.h"
#include "tests/store/crc32c.h"

#define CHUNK     256 /* read at a time, into the stack */
#define VAIN_LOGS 4   /* logs' lengths that a walk reads at most for records that are none */

_Static_assert(sizeof(struct store_super) == STORE_LINE, "a superblock is one line");
_Static_assert(offsetof(struct store_super, crc) == 60, "docs/STORE.md");
_Static_assert(sizeof(struct store_record) == 32, "docs/STORE.md");
_Static_assert(offsetof(struct store_record, crc) == 28, "docs/STORE.md");

static int refuse(struct store_report *report, int error, const char *why, u64 at)
{
	if (!report->why) {
		report->why = why;
		report->at = at;
	}
	return error;
}

static int failed(struct store_report *report, u64 at)
{
	report->failed = true;
	return refuse(report, -EIO, "the medium cannot be read", at);
}

u64 store_record_size(u32 length)
{
	return ALIGN_UP(sizeof(struct store_record) + (u64)length, STORE_LINE);
}

u64 store_area_size(u64 size)
{
	return (size - STORE_LOG) / 2;
}

bool store_free_range(const struct store_super *super, u32 i, u64 *from, u64 *to)
{
	u64 start = store_area_start(super, super->area), half = store_area_size(super->size);
	u64 other = store_area_start(super, !super->area);
	const u64 ranges[][2] = {
		{ STORE_LINE, STORE_PAGE },
		{ STORE_PAGE + STORE_LINE, STORE_LOG },
		{ super->tail, start + half },
		{ other, other + half },
	};

	if (i >= ARRAY_SIZE(ranges))
		return false;
	*from = ranges[i][0];
	*to = ranges[i][1];
	return true;
}

int store_each_residue(const struct store_media *media, u64 from, u64 to,
		       int (*fn)(void *arg, u64 at, const u8 *bytes, u64 n), void *arg)
{
	u64 words[CHUNK / 8];

	for (u64 n; from < to; from += n) {
		u64 any = 0;

		n = MIN(to - from, (u64)CHUNK);
		if (media->read(media->ctx, from, words, n))
			return -EIO;
		for (u64 i = 0; i < n / 8; i++)
			any |= words[i];
		if (any && fn(arg, from, (const u8 *)words, n))
			return -EIO;
	}
	return 0;
}

static int count_residue(void *arg, u64 at, const u8 *bytes, u64 n)
{
	struct store_report *report = arg;

	for (u64 i = 0; i < n; i++)
		if (bytes[i] && !report->residue++)
			report->first = at + i;
	return 0;
}

int store_check_record(const struct store_media *media, u64 at, u64 end,
		       struct store_record *record)
{
	u64 size;
	u32 crc;

	if (at > end || end - at < sizeof(*record))
		return -ENOENT;
	if (media->read(media->ctx, at, record, sizeof(*record)))
		return -EIO;
	size = store_record_size(record->length);
	if (record->magic != STORE_RECORD_MAGIC || size > end - at)
		return -ENOENT;
	crc = crc32c(0, record, offsetof(struct store_record, crc));
	for (u64 done = sizeof(*record), n; done < size; done += n) {
		u8 bytes[CHUNK];

		n = MIN(size - done, (u64)CHUNK);
		if (media->read(media->ctx, at + done, bytes, n))
			return -EIO;
		crc = crc32c(crc, bytes, n);
	}
	return crc == record->crc ? 0 : -ENOENT;
}

/* Why the bounds in a superblock, whose CRC is right, cannot be; NULL: they can. */
static const char *wrong_bounds(const struct store_super *super, u64 size)
{
	u64 start, lines;

	if (super->size > size)
		return "the store is longer than its medium";
	if (super->size % STORE_PAGE || super->size < STORE_MIN_SIZE)
		return "a store cannot have this size";
	if (super->area > 1)
		return "a store has two areas";
	start = store_area_start(super, super->area);
	lines = (super->tail - start) / STORE_LINE;
	if (super->tail < start || super->tail > start + store_area_size(super->size) ||
	    super->tail % STORE_LINE)
		return "the log's end lies outside its area";
	if (super->ids > STORE_IDS || super->records < super->ids || super->records > lines)
		return "the superblock counts more records than there can be";
	return NULL;
}

/* Reads one copy: good, or bad; *other: a good one of another version. */
static int read_super(const struct store_media *media, u32 i, struct store_super *super,
		      bool *magic, bool *other)
{
	if (media->read(media->ctx, (u64)i * STORE_PAGE, super, sizeof(*super)))
		return -EIO;
	*magic |= super->magic == STORE_MAGIC;
	if (super->magic != STORE_MAGIC ||
	    super->crc != crc32c(0, super, offsetof(struct store_super, crc)))
		return STORE_COPY_BAD;
	*other |= super->version != STORE_VERSION;
	return STORE_COPY_GOOD;
}

/* Chooses the superblock that counts: the newest good one. */
static int choose_super(const struct store_media *media, struct store_report *report)
{
	bool magic = false, other = false;
	struct store_super super[2];
	u32 newest;

	if (media->size < STORE_MIN_SIZE)
		return refuse(report, -EINVAL, "the medium is too short for a store", media->size);
	for (u32 i = 0; i < 2; i++) {
		int copy = read_super(media, i, &super[i], &magic, &other);

		if (copy < 0)
			return failed(report, (u64)i * STORE_PAGE);
		report->copy[i] = (enum store_copy)copy;
	}
	if (other)
		return refuse(report, -EINVAL, "the store is of another version", 0);
	if (report->copy[0] == STORE_COPY_BAD && report->copy[1] == STORE_COPY_BAD)
		return magic ? refuse(report, -EIO, "both superblocks are damaged", 0)
			     : refuse(report, -ENODEV, "there is no store: no superblock", 0);
	newest = report->copy[0] == STORE_COPY_BAD ||
		 (report->copy[1] == STORE_COPY_GOOD && super[1].generation > super[0].generation);
	report->super = super[newest];
	if (report->copy[!newest] == STORE_COPY_GOOD &&
	    memcmp(&super[0], &super[1], sizeof(super[0])))
		report->copy[!newest] = STORE_COPY_OLD;
	return 0;
}

/* What a walk has found. */
struct found {
	u64 last; /* sequence number */
	u64 ids[STORE_IDS / 64];
};

/* What store_check_record() has read of a record that is none, or does not belong there. */
static u64 read_in_vain(const struct store_record *r, u64 room)
{
	u64 size = store_record_size(r->length);

	return r->magic == STORE_RECORD_MAGIC && size <= room ? size : 0;
}

/*
 * Walks the log. Where no record is, goes on by a line: what comes behind a damaged record is
 * counted too, but not for ever: each line of a hostile log can claim to be a record as long as
 * the log.
 */
static int scan_log(const struct store_media *media, struct store_report *report,
		    struct found *found, u64 *where)
{
	const struct store_super *super = &report->super;
	u64 at = store_area_start(super, super->area);
	u64 vain_most = VAIN_LOGS * (super->tail - at), vain = 0;
	int err = 0;

	while (at < super->tail) {
		struct store_record r;
		int bad = store_check_record(media, at, super->tail, &r);

		if (bad == -EIO)
			return failed(report, at);
		if (!bad && (r.seq <= found->last || r.seq > super->seq || r.id >= super->ids))
			bad = -ENOENT; /* its bytes are right, but it does not belong here */
		if (bad) {
			err = refuse(report, -EIO, "a record is damaged", at);
			vain += read_in_vain(&r, super->tail - at);
			if (vain > vain_most)
				break;
			at += STORE_LINE;
			continue;
		}
		if (where)
			where[r.id] = at;
		found->ids[r.id / 64] |= BIT(r.id % 64);
		found->last = r.seq;
		report->good++;
		at += store_record_size(r.length);
	}
	return err;
}

/* Nothing is missing: all records that are counted, the last operation's, one of each id. */
static int check_counts(struct store_report *report, const struct found *found)
{
	const struct store_super *super = &report->super;

	if (report->good != super->records || found->last != super->seq)
		return refuse(report, -EIO, "a record is missing", super->tail);
	for (u32 id = 0; id < super->ids; id++)
		if (!(found->ids[id / 64] & BIT(id % 64)))
			return refuse(report, -EIO, "an id has no record", super->tail);
	return 0;
}

int store_scan(const struct store_media *media, struct store_report *report, u64 *where)
{
	struct found found = { 0 };
	const char *why;
	u64 from, to;
	int err;

	memset(report, 0, sizeof(*report));
	err = choose_super(media, report);
	if (err)
		return err;
	why = wrong_bounds(&report->super, media->size);
	if (why)
		return refuse(report, -EINVAL, why, 0);
	err = scan_log(media, report, &found, where);
	for (u32 i = 0; store_free_range(&report->super, i, &from, &to); i++)
		if (store_each_residue(media, from, to, count_residue, report))
			return failed(report, from);
	return err ? err : check_counts(report, &found);
}

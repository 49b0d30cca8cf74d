/* SPDX-License-Identifier: MIT */
#include "tests/store/store.h"

#include "kernel/lib/string.h"
#include "tests/store/crc32c.h"
#include "tests/store/store_scan.h"

#define CHUNK 256 /* copied at a time, through the stack */

/* Sets [from, to) to zero; lines that are so already are not written. The caller fences. */
static int clear_part(void *arg, u64 at, const u8 *bytes, u64 n)
{
	static const u8 zeros[CHUNK];
	const struct store_media *m = arg;

	(void)bytes;
	if (m->write(m->ctx, at, zeros, n))
		return -EIO;
	m->flush(m->ctx, at, n);
	return 0;
}

static int clear(const struct store_media *m, u64 from, u64 to)
{
	return store_each_residue(m, from, to, clear_part, (void *)m);
}

/*
 * Writes one copy of the superblock, and waits for it: while one copy is torn, the other must be
 * there wholly.
 */
static int write_copy(const struct store_media *m, u32 i, const struct store_super *super)
{
	u64 at = (u64)i * STORE_PAGE;

	if (m->write(m->ctx, at, super, sizeof(*super)))
		return -EIO;
	m->flush(m->ctx, at, sizeof(*super));
	m->fence(m->ctx);
	return 0;
}

/* From the first copy's fence on, the operation is done. */
static int commit(const struct store_media *m, struct store_super *super)
{
	int err;

	super->generation++;
	super->crc = crc32c(0, super, offsetof(struct store_super, crc));
	err = write_copy(m, 0, super);
	return err ? err : write_copy(m, 1, super);
}

int store_format(const struct store_media *m)
{
	struct store_super super = {
		.magic = STORE_MAGIC,
		.version = STORE_VERSION,
		.size = ALIGN_DOWN(m->size, (u64)STORE_PAGE),
		.tail = STORE_LOG,
	};

	if (super.size < STORE_MIN_SIZE)
		return -EINVAL;
	if (clear(m, 0, super.size))
		return -EIO;
	return commit(m, &super); /* its fences are for what was cleared too */
}

static int repair(struct store *s, const struct store_report *report)
{
	u64 from, to;

	for (u32 i = 0; i < 2; i++)
		if (report->copy[i] != STORE_COPY_GOOD && write_copy(s->media, i, &s->super))
			return -EIO;
	for (u32 i = 0; store_free_range(&s->super, i, &from, &to); i++)
		if (clear(s->media, from, to))
			return -EIO;
	s->media->fence(s->media->ctx);
	return 0;
}

int store_open(struct store *s, const struct store_media *media, enum store_mode mode,
	       struct store_report *report)
{
	int err;

	memset(s, 0, sizeof(*s));
	s->media = media;
	err = store_scan(media, report, s->where);
	if (err)
		return err;
	s->super = report->super;
	if (mode == STORE_WORK && !store_is_clean(report))
		err = repair(s, report);
	if (err) {
		report->failed = true;
		report->why = "the medium failed in a repair, which may be half done";
	}
	s->may_write = mode == STORE_WORK && !err;
	return err;
}

/* Writes a record with its padding; flushes it, and does not wait. */
static int write_record(const struct store_media *m, u64 at, struct store_record *record,
			const void *data)
{
	static const u8 zeros[STORE_LINE];
	u64 size = store_record_size(record->length), end = sizeof(*record) + record->length;
	u32 crc = crc32c(0, record, offsetof(struct store_record, crc));

	record->crc = crc32c(crc32c(crc, data, record->length), zeros, size - end);
	if (m->write(m->ctx, at, record, sizeof(*record)) ||
	    m->write(m->ctx, at + sizeof(*record), data, record->length) ||
	    m->write(m->ctx, at + end, zeros, size - end))
		return -EIO;
	m->flush(m->ctx, at, size);
	return 0;
}

static int copy_record(const struct store_media *m, u64 to, u64 from, u64 size)
{
	for (u64 done = 0, n; done < size; done += n) {
		u8 bytes[CHUNK];

		n = MIN(size - done, (u64)CHUNK);
		if (m->read(m->ctx, from + done, bytes, n) || m->write(m->ctx, to + done, bytes, n))
			return -EIO;
	}
	m->flush(m->ctx, to, size);
	return 0;
}

/* Copies each id's newest record to the other area, in order; the places go into `where`. */
static int copy_live(struct store *s, struct store_super *next)
{
	u64 at = store_area_start(&s->super, s->super.area), size;

	for (; at < s->super.tail; at += size) {
		struct store_record r;

		if (store_check_record(s->media, at, s->super.tail, &r) || r.id >= s->super.ids)
			return -EIO;
		size = store_record_size(r.length);
		if (s->where[r.id] != at)
			continue;
		if (copy_record(s->media, next->tail, at, size))
			return -EIO;
		s->where[r.id] = next->tail;
		next->tail += size;
		next->records++;
	}
	return 0;
}

/* The other area, which is all zero, becomes the one that counts. */
static int compact(struct store *s)
{
	struct store_super next = s->super;
	u64 start = store_area_start(&s->super, s->super.area);

	next.area = !next.area;
	next.tail = store_area_start(&next, next.area);
	next.records = 0;
	if (copy_live(s, &next))
		return -EIO;
	s->media->fence(s->media->ctx);
	if (commit(s->media, &next) || clear(s->media, start, s->super.tail))
		return -EIO;
	s->media->fence(s->media->ctx);
	s->super = next;
	return 0;
}

static u64 room(const struct store *s)
{
	return store_area_start(&s->super, s->super.area) + store_area_size(s->super.size) -
	       s->super.tail;
}

/* Writes the record, then the superblock that counts it; `ids` is what the latter says of ids. */
static int put_record(struct store *s, struct store_record *record, const void *data, u32 ids)
{
	struct store_super next = s->super;

	next.tail += store_record_size(record->length);
	next.records++;
	next.seq = record->seq;
	next.ids = ids;
	if (write_record(s->media, s->super.tail, record, data))
		return -EIO;
	s->media->fence(s->media->ctx);
	if (commit(s->media, &next))
		return -EIO;
	s->where[record->id] = s->super.tail;
	s->super = next;
	return 0;
}

static int put(struct store *s, u32 id, const void *data, u32 length)
{
	u64 size = store_record_size(length);
	struct store_record record = { .magic = STORE_RECORD_MAGIC, .length = length, .id = id };
	int err = 0;

	if (!s->may_write)
		return -EACCES;
	if (size > store_area_size(s->super.size))
		return -ENOSPC;
	if (size > room(s))
		err = compact(s);
	if (!err && size > room(s))
		return -ENOSPC;
	record.seq = s->super.seq + 1;
	err = err ? err : put_record(s, &record, data, MAX(s->super.ids, id + 1));
	if (err)
		s->may_write = false; /* nobody knows what is on the medium now */
	return err;
}

int store_append(struct store *s, const void *data, u32 length)
{
	u32 id = s->super.ids;
	int err = id < STORE_IDS ? put(s, id, data, length) : -ENOSPC;

	return err ? err : (int)id;
}

int store_update(struct store *s, u32 id, const void *data, u32 length)
{
	return id < s->super.ids ? put(s, id, data, length) : -ENOENT;
}

long store_read(const struct store *s, u32 id, void *buf, u32 size)
{
	struct store_record r;

	if (id >= s->super.ids)
		return -ENOENT;
	if (store_check_record(s->media, s->where[id], s->super.tail, &r) || r.id != id)
		return -EIO;
	if (s->media->read(s->media->ctx, s->where[id] + sizeof(r), buf, MIN(r.length, size)))
		return -EIO;
	return (long)r.length;
}

int store_verify(const struct store_media *media, struct store_report *report)
{
	return store_scan(media, report, NULL);
}

bool store_is_clean(const struct store_report *report)
{
	return !report->why && !report->residue && report->copy[0] == STORE_COPY_GOOD &&
	       report->copy[1] == STORE_COPY_GOOD;
}

/* SPDX-License-Identifier: MIT */
/*
 * A small persistent store: the victim of the stray writes. It keeps records, each with a number,
 * its id, and the sequence number of the operation that wrote it last. An operation that has
 * returned survives a loss of power; one that has not, is there wholly or not at all.
 * docs/STORE.md describes the bytes.
 *
 * Pure C, which runs on the host too. A store has one caller at a time. Its functions may be called
 * from wherever the medium's may. They return 0 or more, or an error: -EINVAL: an argument,
 * -ENOSPC: no room, -EACCES: opened to be looked at, -ENOENT: no such record, -EIO: the medium
 * failed or a record is damaged. After an error of the medium during a write the store must be
 * opened again.
 */
#ifndef KEYWARD_TESTS_STORE_STORE_H
#define KEYWARD_TESTS_STORE_STORE_H

#include "kernel/lib/types.h"

#define STORE_MAGIC        0x65726f747379656bULL /* "keystore" */
#define STORE_RECORD_MAGIC 0x4345524bU           /* "KREC" */
#define STORE_VERSION      1
#define STORE_LINE         64 /* records begin at multiples; also the CPU's cache line */
#define STORE_PAGE         4096
#define STORE_LOG          (2 * STORE_PAGE) /* where the first area begins */
#define STORE_MIN_SIZE     (4 * STORE_PAGE)
#define STORE_IDS          1024

/*
 * Where a store lives. read and write return 0 or a negative number. write() may leave the bytes in
 * caches; flush() begins to send the lines of a range to the medium, and after fence() all that was
 * flushed before has arrived. `at + n` never exceeds `size`.
 */
struct store_media {
	void *ctx;
	u64 size;
	int (*read)(void *ctx, u64 at, void *buf, u64 n);
	int (*write)(void *ctx, u64 at, const void *buf, u64 n);
	void (*flush)(void *ctx, u64 at, u64 n);
	void (*fence)(void *ctx);
};

/* What an operation commits. On the medium twice, at 0 and at STORE_PAGE. */
struct store_super {
	u64 magic;
	u32 version;
	u32 ids;        /* so many ids are in use: 0 to ids - 1 */
	u64 size;       /* of the store in bytes, a multiple of STORE_PAGE */
	u64 generation; /* counts the commits */
	u64 seq;        /* of the last operation */
	u64 tail;       /* where the next record comes */
	u64 records;    /* in the area */
	u32 area;       /* 0 or 1: the half of the log that counts */
	u32 crc;        /* CRC-32C of the bytes before */
};

/* Before each record's bytes; zeros follow them to the end of the line. */
struct store_record {
	u32 magic;
	u32 length; /* of the record's bytes */
	u64 seq;    /* of the operation that wrote it */
	u32 id;
	u32 zero[2];
	u32 crc; /* CRC-32C of the bytes before and of all behind, to the end of the line */
};

enum store_copy { STORE_COPY_GOOD, STORE_COPY_OLD, STORE_COPY_BAD };

/* What is on a medium. */
struct store_report {
	const char *why;          /* the first thing that no repair mends, or NULL; static text */
	u64 at;                   /* and its byte */
	struct store_super super; /* the newest good copy; all zero if there is none */
	enum store_copy copy[2];
	u64 good;    /* records that are as they were written; super.records should be */
	u64 residue; /* bytes that should be zero and are not */
	u64 first;   /* and the first of them */
	bool failed; /* the medium failed: what is on it is not known; a repair may be half done */
};

struct store {
	const struct store_media *media;
	struct store_super super;
	bool may_write;
	u64 where[STORE_IDS]; /* the newest record of each id */
};

enum store_mode { STORE_LOOK, STORE_WORK };

/* Makes an empty store of all whole pages of the medium, whatever is there. Opens nothing. */
int store_format(const struct store_media *media);

/*
 * Opens the store on a medium. With STORE_WORK, repairs first what a loss of power leaves behind:
 * an old or torn superblock, parts of a record that was not committed. Writes nothing if it
 * refuses, nor with STORE_LOOK. Refuses with `report->why` set: -ENODEV: no store, -EINVAL: a store
 * of another version or size, or one that was never written so, -EIO: damage; or, with
 * `report->failed` set, the medium failed, also half-way in a repair. The medium must stay.
 */
int store_open(struct store *s, const struct store_media *media, enum store_mode mode,
	       struct store_report *report);

/*
 * True if a new store may be made where store_open() has returned `err`: the medium answered, and
 * what is on it is refused.
 */
static inline bool store_may_format(int err, const struct store_report *report)
{
	return err && !report->failed;
}

/* Adds a record; returns its id. */
int store_append(struct store *s, const void *data, u32 length);

/* Replaces a record, which may change its length. */
int store_update(struct store *s, u32 id, const void *data, u32 length);

/* Copies a record's first `size` bytes; returns its length. -EIO too if it is damaged. */
long store_read(const struct store *s, u32 id, void *buf, u32 size);

/* Reads every byte of the store on a medium, open or not. Returns what store_open() would. */
int store_verify(const struct store_media *media, struct store_report *report);

/* True if each byte is as the last operation left it: no damage, and nothing to repair. */
bool store_is_clean(const struct store_report *report);

/* The bytes that a record takes, and those that an area has. */
u64 store_record_size(u32 length);
u64 store_area_size(u64 size);

#endif

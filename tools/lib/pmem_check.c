/* SPDX-License-Identifier: MIT */
/*
 * Verifies and dumps the image of a persistent store. Written from docs/STORE.md alone: shares no
 * code and no constant with the store that it judges. tools/pmem-check builds and runs it.
 *
 *     tools/pmem-check [--dump] FILE
 *
 * Status 0: clean, 1: damaged or no store, 2: usage, or the file cannot be read, 3: a repair is
 * due.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLEAN = 0, DAMAGED = 1, USAGE = 2, REPAIR = 3 };
enum { PAGE = 4096, LINE = 64, AREAS = 8192, HEADER = 32, MOST_IDS = 1024, SMALLEST = 16384 };

/* A superblock, or the numbers in one. */
struct block {
	bool good;
	uint32_t version, ids, area;
	uint64_t size, generation, seq, tail, records;
};

/* An id's newest record. */
struct newest {
	uint64_t at, seq;
	uint32_t length;
};

struct image {
	const unsigned char *bytes;
	uint64_t size;
	FILE *out;
	int status;
	struct newest ids[MOST_IDS];
};

static uint64_t number(const unsigned char *p, int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | p[bytes];
	return value;
}

/* CRC-32C of bytes, after those that `state` has seen; begins with, and is, the register itself. */
static uint32_t crc(uint32_t state, const unsigned char *p, uint64_t n)
{
	while (n--) {
		state ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			state = (state >> 1) ^ (0x82f63b78u & (0u - (state & 1)));
	}
	return state;
}

static void damage(struct image *i, const char *what, uint64_t at)
{
	fprintf(i->out, "damage: %s (byte %" PRIu64 ")\n", what, at);
	i->status = DAMAGED;
}

static void repair(struct image *i, const char *what, uint64_t at)
{
	fprintf(i->out, "repair: %s (byte %" PRIu64 ")\n", what, at);
	if (i->status == CLEAN)
		i->status = REPAIR;
}

static struct block read_block(const unsigned char *p)
{
	struct block b = {
		.version = (uint32_t)number(p + 8, 4),
		.ids = (uint32_t)number(p + 12, 4),
		.size = number(p + 16, 8),
		.generation = number(p + 24, 8),
		.seq = number(p + 32, 8),
		.tail = number(p + 40, 8),
		.records = number(p + 48, 8),
		.area = (uint32_t)number(p + 56, 4),
	};

	b.good = !memcmp(p, "keystore", 8) && ~crc(~0u, p, 60) == number(p + 60, 4);
	return b;
}

static uint64_t area_start(const struct block *b, uint32_t area)
{
	return AREAS + area * ((b->size - AREAS) / 2);
}

/* Chooses the superblock that counts; false: there is none. */
static bool choose(struct image *i, struct block *chosen)
{
	struct block b[2];
	int newer;

	if (i->size < SMALLEST) {
		damage(i, "shorter than any store", i->size);
		return false;
	}
	b[0] = read_block(i->bytes);
	b[1] = read_block(i->bytes + PAGE);
	for (int n = 0; n < 2; n++) {
		if (b[n].good && b[n].version != 1) {
			damage(i, "a store of another version", (uint64_t)n * PAGE);
			return false;
		}
	}
	if (!b[0].good && !b[1].good) {
		damage(i, "no good superblock", 0);
		return false;
	}
	newer = !b[0].good || (b[1].good && b[1].generation > b[0].generation);
	*chosen = b[newer];
	if (!b[!newer].good)
		repair(i, "the other superblock is bad", newer ? 0 : PAGE);
	else if (memcmp(i->bytes, i->bytes + PAGE, LINE))
		repair(i, "the other superblock is old", newer ? 0 : PAGE);
	return true;
}

/* Whether the numbers of the superblock fit each other and the file. */
static bool plausible(struct image *i, const struct block *b)
{
	uint64_t half = (b->size - AREAS) / 2, start;

	if (b->size > i->size)
		damage(i, "the store goes on behind the end of the file", i->size);
	else if (b->size < SMALLEST || b->size % PAGE)
		damage(i, "impossible size", 16);
	else if (b->area > 1)
		damage(i, "impossible area", 56);
	else if (start = area_start(b, b->area),
		 b->tail < start || b->tail - start > half || b->tail % LINE)
		damage(i, "impossible tail", 40);
	else if (b->ids > MOST_IDS || b->records < b->ids || b->records > (b->tail - start) / LINE)
		damage(i, "impossible counts of ids or records", 48);
	else
		return true;
	return false;
}

/* The bytes that a record at `at` would take, by its header; 0: there is none, or no room for it.
 */
static uint64_t claimed_at(const struct image *i, const struct block *b, uint64_t at)
{
	const unsigned char *p = i->bytes + at;
	uint64_t takes = (HEADER + number(p + 4, 4) + LINE - 1) / LINE * LINE;

	return memcmp(p, "KREC", 4) || takes > b->tail - at ? 0 : takes;
}

/* The bytes that the record at `at` takes; 0: there is no good one that belongs there. */
static uint64_t record_at(const struct image *i, const struct block *b, uint64_t at, uint64_t after)
{
	const unsigned char *p = i->bytes + at;
	uint64_t takes = claimed_at(i, b, at), seq;

	if (!takes || ~crc(crc(~0u, p, 28), p + HEADER, takes - HEADER) != number(p + 28, 4))
		return 0;
	seq = number(p + 8, 8);
	return seq > after && seq <= b->seq && number(p + 16, 4) < b->ids ? takes : 0;
}

static void check_log(struct image *i, const struct block *b)
{
	uint64_t at = area_start(b, b->area), seq = 0, records = 0, bad = 0;
	uint64_t in_vain = 0, most = 4 * (b->tail - at); /* else a hostile log takes hours */

	while (at < b->tail && in_vain <= most) {
		uint64_t takes = record_at(i, b, at, seq);
		const unsigned char *p = i->bytes + at;

		if (takes) {
			seq = number(p + 8, 8);
			i->ids[number(p + 16, 4)] =
				(struct newest){ at, seq, (uint32_t)number(p + 4, 4) };
			records++;
		} else {
			in_vain += claimed_at(i, b, at);
			takes = LINE;
			if (!bad++)
				damage(i, "no good record", at);
		}
		at += takes;
	}
	if (at < b->tail)
		damage(i, "so much else: the rest of the log is not looked at", at);
	if (seq != b->seq)
		damage(i, "the last operation has no record", b->tail);
	if (records != b->records)
		damage(i, "the superblock counts another number of records", b->tail);
	for (uint32_t id = 0; !bad && id < b->ids; id++)
		if (!i->ids[id].at)
			damage(i, "an id has no record", b->tail);
}

static void check_zeros(struct image *i, uint64_t from, uint64_t to)
{
	uint64_t count = 0, first = 0;

	for (uint64_t at = from; at < to; at++)
		if (i->bytes[at] && !count++)
			first = at;
	if (count) {
		fprintf(i->out, "%" PRIu64 " bytes are not zero\n", count);
		repair(i, "free bytes are not zero", first);
	}
}

static void dump(const struct image *i, const struct block *b)
{
	for (uint32_t id = 0; id < b->ids; id++) {
		const struct newest *n = &i->ids[id];

		if (!n->at)
			continue;
		fprintf(i->out, "id %u: operation %" PRIu64 ", %u bytes at %" PRIu64 ":", id,
			n->seq, n->length, n->at);
		for (uint32_t k = 0; k < n->length; k++)
			fprintf(i->out, "%s%02x", k % 32 ? "" : "\n  ",
				i->bytes[n->at + HEADER + k]);
		fputc('\n', i->out);
	}
}

/* Checks an image and prints what is found; returns the exit status. */
#ifndef PMEM_CHECK_IS_A_LIBRARY
static
#endif
	int
	pmem_check(const unsigned char *bytes, uint64_t size, bool dumps, FILE *out)
{
	static const char *const words[] = { "clean", "damaged", "", "a repair is due" };
	struct image i = { .bytes = bytes, .size = size, .out = out };
	struct block b;

	if (choose(&i, &b) && plausible(&i, &b)) {
		uint64_t half = (b.size - AREAS) / 2, other = area_start(&b, !b.area);

		fprintf(out,
			"store: %" PRIu64 " bytes, operation %" PRIu64 ", generation %" PRIu64
			", %u ids, %" PRIu64 " records, area %u, tail %" PRIu64 "\n",
			b.size, b.seq, b.generation, b.ids, b.records, b.area, b.tail);
		check_log(&i, &b);
		check_zeros(&i, LINE, PAGE);
		check_zeros(&i, PAGE + LINE, AREAS);
		check_zeros(&i, b.tail, area_start(&b, b.area) + half);
		check_zeros(&i, other, other + half);
		if (dumps)
			dump(&i, &b);
	}
	fprintf(out, "pmem-check: %s\n", words[i.status]);
	return i.status;
}

#ifndef PMEM_CHECK_IS_A_LIBRARY
static int complain(const char *what, const char *path)
{
	fprintf(stderr, "pmem-check: %s: ", path);
	perror(what);
	return USAGE;
}

int main(int argc, char **argv)
{
	bool dumps = argc == 3 && !strcmp(argv[1], "--dump");
	const char *path = argv[argc - 1];
	unsigned char *bytes;
	long size;
	FILE *file;
	int status;

	if (argc != 2 + dumps || *path == '-') {
		fprintf(stderr, "usage: pmem-check [--dump] FILE   (docs/STORE.md)\n");
		return USAGE;
	}
	file = fopen(path, "rb");
	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0)
		return complain("cannot be opened", path);
	rewind(file);
	bytes = malloc(size ? (size_t)size : 1);
	if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size)
		return complain("cannot be read", path);
	fclose(file);
	status = pmem_check(bytes, (uint64_t)size, dumps, stdout);
	free(bytes);
	return status;
}
#endif

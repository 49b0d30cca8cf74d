/* SPDX-License-Identifier: MIT */
/*
 * A store with changes: refused, or usable; never written when looked at; tools/pmem-check agrees.
 * The input is a list of changes: place, length, bytes. If its first bit is set, CRCs are made
 * right.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/host/pmem_check.h"
#include "tests/host/power.h"
#include "tests/store/crc32c.h"
#include "tests/store/store_scan.h"
#include "tests/store/work.h"

#define SIZE POWER_SIZE

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static struct power p;
static struct store s;
static struct store_report report;
static u64 whole[POWER_WORDS];

static void demand(bool what)
{
	if (!what)
		abort();
}

static void make_whole(void)
{
	static struct store_work work;

	power_on(&p, NULL, SIZE);
	store_work_begin(&work, 2, 4, 200);
	demand(!store_format(&p.media) && !store_open(&s, &p.media, STORE_WORK, &report));
	while (work.done < 12)
		demand(!store_work_next(&work, &s));
	memcpy(whole, p.now, SIZE);
}

static void change(u8 *image, const u8 *data, size_t size)
{
	while (size > 3) {
		size_t at = (size_t)(data[0] | data[1] << 8) % SIZE, n = MIN(data[2], size - 3);

		n = MIN(n, SIZE - at);
		memcpy(image + at, data + 3, n);
		data += 3 + n;
		size -= 3 + n;
	}
}

static void make_crcs_right(u8 *image)
{
	for (u32 copy = 0; copy < 2; copy++) {
		struct store_super *super = (struct store_super *)(image + copy * STORE_PAGE);

		super->crc = crc32c(0, super, offsetof(struct store_super, crc));
	}
	for (u64 at = STORE_LOG, size; at < SIZE; at += size) {
		struct store_record *r = (struct store_record *)(image + at);

		size = store_record_size(r->length);
		if (r->magic != STORE_RECORD_MAGIC || size > SIZE - at) {
			size = STORE_LINE;
			continue;
		}
		r->crc = crc32c(crc32c(0, r, offsetof(struct store_record, crc)), r + 1,
				size - sizeof(*r));
	}
}

static void read_all(void)
{
	static u8 bytes[SIZE];

	for (u32 id = 0; id < s.super.ids; id++)
		demand(store_read(&s, id, bytes, sizeof(bytes)) >= 0);
	demand(store_read(&s, s.super.ids, bytes, 1) == -ENOENT);
}

/* A store that was repaired takes records as long as it has room. */
static void work_on(void)
{
	for (u32 i = 0; i < 3; i++) {
		int id = store_append(&s, "a record", 8);

		demand(id >= 0 || id == -ENOSPC);
		if (id >= 0)
			demand(store_update(&s, (u32)id, "", 0) <= 0);
	}
	demand(!store_verify(&p.media, &report) && store_is_clean(&report));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static FILE *nowhere;
	int err, status;

	if (!nowhere) {
		nowhere = fopen("/dev/null", "w");
		make_whole();
	}
	power_on(&p, whole, SIZE);
	if (size)
		change((u8 *)p.now, data + 1, size - 1);
	if (size && *data & 1)
		make_crcs_right((u8 *)p.now);
	status = pmem_check((u8 *)p.now, SIZE, true, nowhere);
	err = store_open(&s, &p.media, STORE_LOOK, &report);
	demand(!err == (status != CHECK_DAMAGED) && !err == !report.why && !p.events);
	demand(err || store_is_clean(&report) == (status == CHECK_CLEAN));
	if (!err)
		read_all();
	demand(store_open(&s, &p.media, STORE_WORK, &report) == err);
	if (err) {
		demand(!p.events && store_append(&s, "", 0) == -EACCES);
		return 0;
	}
	read_all();
	work_on();
	return 0;
}

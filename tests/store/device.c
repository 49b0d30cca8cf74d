// SPDX-License-Identifier: MIT
#include "tests/store/device.h"

#include "kernel/console/console.h"
#include "kernel/cpu/insn.h"
#include "kernel/lib/options.h"

/* Where byte `at` of the device is; NULL: it is not mapped, or not there. */
static u8 *address(const struct dax_device *dax, u64 at)
{
	void *page;

	if (dax_direct_access(dax, at >> PAGE_SHIFT, 1, &page) < 0)
		return NULL;
	return (u8 *)page + at % PAGE_SIZE;
}

static int device_read(void *ctx, u64 at, void *buf, u64 n)
{
	const struct dax_device *dax = ctx;
	const struct kvec to = { buf, n };
	struct iov_iter i;

	iov_iter_kvec(&i, &to, 1, n);
	return dax_copy_to_iter(dax, at >> PAGE_SHIFT, address(dax, at), n, &i) == n ? 0 : -EIO;
}

static int device_write(void *ctx, u64 at, const void *buf, u64 n)
{
	const struct dax_device *dax = ctx;
	const struct kvec from = { (void *)buf, n };
	struct iov_iter i;

	iov_iter_kvec(&i, &from, 1, n);
	return dax_copy_from_iter(dax, at >> PAGE_SHIFT, address(dax, at), n, &i) == n ? 0 : -EIO;
}

static void device_flush(void *ctx, u64 at, u64 n)
{
	dax_flush(ctx, address(ctx, at), n);
}

/* dax_flush() has waited already: this is for a medium whose flush does not. */
static void device_fence(void *ctx)
{
	(void)ctx;
	sfence();
}

struct store_media store_device_media(struct pmem *pmem, u64 most)
{
	return (struct store_media){ &pmem->dax,   MIN(pmem->size, most), device_read,
				     device_write, device_flush,          device_fence };
}

static void report_found(const char *name, const struct store_report *report)
{
	static const char *const copies[] = { "good", "old", "bad" };
	const struct store_super *super = &report->super;

	if (report->why)
		pr("# store: %s: refused: %s (byte %lu)\n", name, report->why, report->at);
	else
		pr("# store: %s: operation %lu, %lu records, superblocks %s and %s, %lu bytes to "
		   "clear\n",
		   name, super->seq, super->records, copies[report->copy[0]],
		   copies[report->copy[1]], report->residue);
}

int store_device_open(struct store *s, struct store_media *media, struct pmem *pmem, u64 most)
{
	struct store_report report;
	int err;

	*media = store_device_media(pmem, most);
	err = store_open(s, media, STORE_WORK, &report);
	report_found(pmem->name, &report);
	if (!store_may_format(err, &report))
		return err; /* it is open; or the medium fails, and may have a store */
	if (!options.format) {
		pr("# store: %s: nothing was written; format=yes makes a new store\n", pmem->name);
		return err;
	}
	err = store_format(media);
	return err ? err : store_open(s, media, STORE_WORK, &report);
}

/* SPDX-License-Identifier: MIT */
/* What the tests of the ACPI parser share: one image, one run, and checks of both. */
#ifndef KEYWARD_TESTS_HOST_ACPI_EXPECT_H
#define KEYWARD_TESTS_HOST_ACPI_EXPECT_H

#include "tests/host/harness.h"

#include "tests/host/acpi_machines.h"
#include "tests/host/acpi_run.h"

static struct image image;
static struct acpi_run run;
static const struct acpi_info *const info = &run.info;

static inline int parse_with(size_t rsdp_len, u32 map_after)
{
	const char *wrong;

	memset(&run, 0, sizeof(run));
	run.bytes = image.bytes;
	run.len = image.len;
	run.map_after = map_after;
	wrong = run_parse(&run, rsdp_len);
	if (wrong)
		fail_msg("%s", wrong);
	return run.status;
}

static inline int parse(void)
{
	return parse_with(36, 0);
}

/* Parses, and expects success without a complaint. */
static inline void parse_clean(void)
{
	assert_int_equal(parse(), 0);
	assert_string_equal(run.text, "");
}

/* Parses, and expects success with just this complaint. */
static inline void parse_complains(const char *text)
{
	assert_int_equal(parse(), 0);
	assert_int_equal(run.complaints, 1);
	if (!strstr(run.text, text))
		fail_msg("\"%s\" does not say \"%s\"", run.text, text);
}

/* The address of the image's table with that signature. */
static inline u64 find(const char *signature)
{
	for (u32 i = 0; i < image.count; i++)
		if (!memcmp(image_at(&image, image.tables[i]), signature, 4))
			return image.tables[i];
	fail_msg("there is no %s", signature);
	return 0;
}

/* Changes a table and makes its checksum right again. */
static inline void change(u64 table, u32 offset, u64 value, u32 bytes)
{
	poke(&image, table, offset, value, bytes);
	table_mend(&image, table);
}

#endif

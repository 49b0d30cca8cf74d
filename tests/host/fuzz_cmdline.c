/* SPDX-License-Identifier: MIT */
/* Any line: options in their ranges that read back as rendered, and printable complaints. */
#include <stdlib.h>

#include "tests/host/options_check.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void check_complaint(const char *message, void *arg)
{
	(void)arg;
	if (complaint_check(message))
		abort();
}

static void no_complaint(const char *message, void *arg)
{
	(void)message;
	(void)arg;
	abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct options first, second;
	char line[2048], *copy = malloc(size + 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	copy[size] = '\0';
	memset(&first, 0xff, sizeof(first));
	cmdline_parse(copy, &first, check_complaint, NULL);
	free(copy);
	if (options_check(&first))
		abort();
	options_render(&first, line);
	cmdline_parse(line, &second, no_complaint, NULL);
	if (!options_equal(&first, &second))
		abort();
	return 0;
}

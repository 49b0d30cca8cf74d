/* SPDX-License-Identifier: MIT */
/* A list and a name, separated by a newline: the answer is the model's. */
#include <stdlib.h>

#include "kernel/lib/glob.h"
#include "tests/host/glob_model.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	char globs[GLOB_MODEL_MAX + 1], name[GLOB_MODEL_MAX + 1];
	const u8 *split = size ? memchr(data, '\n', size) : NULL;
	size_t len = split ? (size_t)(split - data) : size, rest = split ? size - len - 1 : 0;
	char *exact;

	if (len > GLOB_MODEL_MAX || rest > GLOB_MODEL_MAX)
		return 0;
	memcpy(globs, data, len);
	globs[len] = '\0';
	if (rest)
		memcpy(name, split + 1, rest);
	name[rest] = '\0';
	exact = strdup(globs);
	if (!exact || glob_list_match(exact, name) != glob_model(globs, name))
		abort();
	free(exact);
	return 0;
}

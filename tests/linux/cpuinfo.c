// SPDX-License-Identifier: MIT
#include "tests/linux/cpuinfo.h"

#include <string.h>

bool cpuinfo_has(FILE *file, const char *flag)
{
	char line[16384], *word;

	rewind(file);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "flags", 5))
			continue;
		for (word = strtok(line, " \t:\n"); word; word = strtok(NULL, " \t:\n"))
			if (!strcmp(word, flag))
				return true;
		return false;
	}
	return false;
}

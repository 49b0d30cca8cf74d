/* SPDX-License-Identifier: MIT */
/* Any bytes from a terminal: the line and its display stay right, and its words can be read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/words.h"
#include "tests/host/line_model.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static bool some_name(const char *name, u64 *value)
{
	*value = strlen(name);
	return *value < 8;
}

static void read_words(const char *text)
{
	char *line = strdup(text), *words[WORDS_MAX];
	int n = line ? words_split(line, words) : 0;
	struct as as;
	u64 value;

	if (n < 0 && !*words_error(n))
		abort();
	for (int i = 0; i < n; i++) {
		const char *why = number_read(words[i], some_name, &value);

		if (why && !*why)
			abort();
		if (as_read(words[i], &as) && as.kind == AS_RIGHTS && as.pkrs & 3)
			abort();
	}
	free(line);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct line_terminal term;

	line_terminal_begin(&term);
	for (size_t i = 0; i < size; i++) {
		enum line_event event = line_terminal_byte(&term, data[i]);

		if (event == LINE_DONE)
			read_words(term.line.text);
		if (event != LINE_OPEN)
			line_terminal_prompt(&term);
		if (*line_terminal_check(&term)) {
			puts(line_terminal_check(&term));
			abort();
		}
	}
	return 0;
}

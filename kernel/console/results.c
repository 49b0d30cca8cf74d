// SPDX-License-Identifier: MIT
#include "kernel/console/results.h"
#include "kernel/console/console.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"

#define LINE_MAX  512
#define NAMES_MAX 20 /* failed tests that results_print_failed() names */
#define NOT_OK    "not ok "

static struct summary kept;
static u32 at_boot; /* bytes that the boot has kept; 0 before the first run */

static void keep(const char *fmt, va_list args, bool print, bool last)
{
	char line[LINE_MAX];

	kvsnprintf(line, sizeof(line), fmt, args);
	if (print)
		pr("%s", line);
	summary_add(&kept, line, last);
}

void results_pr(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	keep(fmt, args, true, false);
	va_end(args);
}

void results_keep(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	keep(fmt, args, false, false);
	va_end(args);
}

void results_begin(void)
{
	if (!at_boot)
		at_boot = kept.used;
	kept.used = at_boot;
	kept.lost = 0;
}

void results_print_failed(void)
{
	const char *line = kept.text, *end = kept.text + kept.used;
	u32 failed = 0;

	while (line < end) {
		u32 n = 0;

		while (line[n] != '\n')
			n++;
		if (!strncmp(line, NOT_OK, strlen(NOT_OK)) && failed++ < NAMES_MAX)
			pr("# not as expected: %.*s\n", (int)(n - strlen(NOT_OK)),
			   line + strlen(NOT_OK));
		line += n + 1;
	}
	if (failed > NAMES_MAX)
		pr("# not as expected: %u more\n", failed - NAMES_MAX);
}

void results_end(const char *fmt, ...)
{
	char lost[32];
	va_list args;

	va_start(args, fmt);
	keep(fmt, args, true, true);
	va_end(args);
	if (!kept.lost)
		return;
	ksnprintf(lost, sizeof(lost), "lost %u", kept.lost);
	summary_add(&kept, lost, true);
}

const struct summary *results(void)
{
	return &kept;
}

/* SPDX-License-Identifier: MIT */
/* Parses one line and collects the complaints: for the tests of the command line. */
#ifndef KEYWARD_TESTS_HOST_CMDLINE_LINE_H
#define KEYWARD_TESTS_HOST_CMDLINE_LINE_H

#include "tests/host/harness.h"

#include "tests/host/options_check.h"

static struct options opt;
static char reported[8][448];
static unsigned complaints;

static inline void collect(const char *message, void *arg)
{
	const char *wrong = complaint_check(message);

	if (wrong)
		fail_msg("%s: %s", wrong, message);
	assert_ptr_equal(arg, &opt);
	if (complaints < ARRAY_SIZE(reported))
		snprintf(reported[complaints], sizeof(reported[0]), "%s", message);
	complaints++;
}

static inline void parse(const char *line)
{
	char *copy = exact_string(line);
	const char *wrong;

	complaints = 0;
	memset(&opt, 0xff, sizeof(opt));
	cmdline_parse(copy, &opt, collect, &opt);
	free(copy);
	wrong = options_check(&opt);
	if (wrong)
		fail_msg("%s: %s", wrong, line);
}

static inline void parse_silently(const char *line)
{
	parse(line);
	if (complaints)
		fail_msg("%s: complains: %s", line, reported[0]);
}

static inline void expect(const char *line, const char *complaint)
{
	parse(line);
	assert_int_equal(complaints, 1);
	assert_string_equal(reported[0], complaint);
}

#endif

/* SPDX-License-Identifier: MIT */
/* What holds of every answer and complaint of cmdline_parse(), for whatever line. */
#ifndef KEYWARD_TESTS_HOST_OPTIONS_CHECK_H
#define KEYWARD_TESTS_HOST_OPTIONS_CHECK_H

#include <stdio.h>
#include <string.h>

#include "boot/cmdline.h"
#include "kernel/lib/option_names.h"

/* NULL, or what is wrong with the options. */
static inline const char *options_check(const struct options *opt)
{
	if ((unsigned)opt->pks >= PKS_MODES || (unsigned)opt->gate >= PKS_GATES ||
	    (unsigned)opt->pardon >= PKS_SCOPES || (unsigned)opt->marks >= PKS_MARKS ||
	    (unsigned)opt->exit >= EXIT_ACTIONS || (unsigned)opt->matrix >= MATRIX_EXTENTS)
		return "an enum out of its range";
	if (!memchr(opt->tests, 0, sizeof(opt->tests)))
		return "tests without an end";
	if (!memchr(opt->matrix_case, 0, sizeof(opt->matrix_case)))
		return "case without an end";
	if (opt->repeat < 1 || opt->repeat > 1000000 || opt->cpus < 1 || opt->cpus > 4096)
		return "a number out of its range";
	if (opt->paging && opt->paging != 4 && opt->paging != 5)
		return "levels that no processor has";
	for (unsigned i = 0; i < OPTIONS_RESERVE; i++)
		if (opt->reserve[i].start + opt->reserve[i].size < opt->reserve[i].start)
			return "a reserved range that wraps";
	if (opt->magic > 15)
		return "an unknown magic point";
	return NULL;
}

/* NULL, or what is wrong with a complaint. */
static inline const char *complaint_check(const char *message)
{
	if (!*message || strlen(message) > 254)
		return "a complaint that is empty or cut off";
	for (const char *p = message; *p; p++)
		if (*p < ' ' || *p > '~')
			return "a complaint that is not one printable line";
	return NULL;
}

/* Writes a value with every character taken as it is. */
static inline char *value_render(const char *value, char *p)
{
	for (; *value; value++) {
		*p++ = '\\';
		*p++ = *value;
	}
	return p;
}

/* Writes the options as a command line that gives them again. */
static inline void options_render(const struct options *opt, char line[2048])
{
	char *p = line;

	p += sprintf(p,
		     "pks=%s gate=%s pardon=%s exit=%s seed=%llu repeat=%u cpus=%u mem=%llu "
		     "bench=%s apic=%s trace=%s",
		     pks_mode_name(opt->pks), pks_gate_name(opt->gate), pks_scope_name(opt->pardon),
		     exit_action_name(opt->exit), (unsigned long long)opt->seed, opt->repeat,
		     opt->cpus, (unsigned long long)opt->mem, opt->bench ? "on" : "off",
		     opt->x2apic ? "x2apic" : "found", opt->trace ? "on" : "off");
	p += sprintf(p, " marks=%s early=%s magic=", pks_marks_names[opt->marks],
		     opt->early ? "on" : "off");
	for (unsigned i = 0; i < MAGIC_POINTS; i++)
		if (opt->magic & 1u << i)
			p += sprintf(p, "%s,", magic_point_names[i]);
	for (unsigned i = 0; i < OPTIONS_RESERVE && opt->reserve[i].size; i++)
		p += sprintf(p, "%s%llu+%llu",
			     i ? "," : " reserve=", (unsigned long long)opt->reserve[i].start,
			     (unsigned long long)opt->reserve[i].size);
	if (opt->paging)
		p += sprintf(p, " paging=%u", opt->paging);
	p += sprintf(p, " tests=");
	p = value_render(opt->tests, p);
	p += sprintf(p, " matrix=%s avoid=%s case=", matrix_extent_names[opt->matrix],
		     opt->avoid_set_dirty ? "set-dirty" : "nothing");
	p = value_render(opt->matrix_case, p);
	*p = '\0';
}

static inline bool options_equal(const struct options *a, const struct options *b)
{
	return a->pks == b->pks && a->gate == b->gate && a->pardon == b->pardon &&
	       a->exit == b->exit && a->seed == b->seed && a->repeat == b->repeat &&
	       a->cpus == b->cpus && a->mem == b->mem && a->paging == b->paging &&
	       a->magic == b->magic && a->bench == b->bench && a->x2apic == b->x2apic &&
	       a->trace == b->trace && a->marks == b->marks && a->early == b->early &&
	       a->matrix == b->matrix && a->avoid_set_dirty == b->avoid_set_dirty &&
	       !strcmp(a->tests, b->tests) && !strcmp(a->matrix_case, b->matrix_case) &&
	       !memcmp(a->reserve, b->reserve, sizeof(a->reserve));
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The settings of the command line. Read-only after boot; a test that changes one restores it.
 * The enums and the fields, with what their values mean, are in options.inc.
 */
#ifndef KEYWARD_KERNEL_LIB_OPTIONS_H
#define KEYWARD_KERNEL_LIB_OPTIONS_H

#include "kernel/lib/types.h"

/* A physical range from the command line; size 0: not given. start + size does not wrap. */
struct options_range {
	u64 start, size;
};

#define OPTIONS_RESERVE 8
#define OPTIONS_PMEM    8

/* The enums: an enumerator for each VALUE or FLAG, then the COUNT of them. */
#define ENUM(tag, values)           enum tag { values };
#define VALUE(enumerator, name)     enumerator,
#define FLAG(enumerator, bit, name) enumerator = bit,
#define COUNT(enumerator)           enumerator
#include "kernel/lib/options.inc"

/* What decides on protection-key faults. Read by pks_policy_get(), changed by pks_policy_set(). */
struct pks_policy {
#define POLICY(type, field, ...) type field;
#include "kernel/lib/options.inc"
};

/* typeof: a type can be an array, and `char[256] tests;` is not C. */
struct options {
	struct pks_policy policy;
#define WORD(type, field, ...) __typeof__(type) field;
#include "kernel/lib/options.inc"
};

extern struct options options;

#endif

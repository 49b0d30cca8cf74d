/* SPDX-License-Identifier: MIT */
/*
 * The table of the command line's words. The parser and its messages, the names of values, the
 * monitor's help, tools/run --help and docs/HARDWARE.md are made from it. tools/lib/words.py reads
 * this file as text: a row is three strings and one of the macros below, and nothing else.
 */
#include "kernel/lib/option_words.h"

static const struct option_value on_off[] = { { true, "on" }, { false, "off" } };
static const struct option_value off_on[] = { { false, "off" }, { true, "on" } };

static const struct option_value modes[] = {
	{ PKS_MODE_OFF, "off" },
	{ PKS_MODE_STRICT, "strict" },
	{ PKS_MODE_RELAXED, "relaxed" },
	{ PKS_MODE_SILENT, "silent" },
};
static const struct option_value gates[] = {
	{ PKS_GATE_KMAPPED, "kmapped" },
	{ PKS_GATE_ANY, "any" },
};
static const struct option_value scopes[] = {
	{ PKS_SCOPE_CONTEXT, "context" },
	{ PKS_SCOPE_INSTRUCTION, "instruction" },
	{ PKS_SCOPE_GLOBAL, "global" },
};
static const struct option_value marks[] = {
	{ PKS_MARKS_PAGE, "page" },
	{ PKS_MARKS_HASH, "hash" },
};
static const struct option_value exits[] = {
	{ EXIT_POWEROFF, "poweroff" },
	{ EXIT_REBOOT, "reboot" },
	{ EXIT_HALT, "halt" },
	{ EXIT_MONITOR, "monitor" },
};
static const struct option_value levels[] = { { 4, "4" }, { 5, "5" }, { 0, "max" } };
static const struct option_value magic_points[] = {
	{ MAGIC_WRITE, "write" },
	{ MAGIC_SWITCH, "switch" },
	{ MAGIC_FAULT, "fault" },
	{ MAGIC_PARDON, "pardon" },
};
static const struct option_value extents[] = {
	{ MATRIX_EVERYDAY, "everyday" },
	{ MATRIX_FULL, "full" },
	{ MATRIX_LIST, "list" },
};
static const struct option_value avoided[] = { { false, "nothing" }, { true, "set-dirty" } };
static const struct option_value apic_modes[] = { { false, "found" }, { true, "x2apic" } };

#define FIELD(field) \
	.offset = offsetof(struct options, field), .size = sizeof(((struct options *)0)->field)
#define NAMED(field, list) FIELD(field), .values = list, .value_count = ARRAY_SIZE(list)

/* One macro per kind of word: the field of struct options, and what it accepts. */
#define CHOICE(field, list) .kind = OPTION_CHOICE, NAMED(field, list)
#define MASK(field, list)   .kind = OPTION_MASK, NAMED(field, list)
#define NUMBER(field, from, to)                                         \
	.kind = OPTION_NUMBER, FIELD(field), .least = from, .most = to, \
	.accepted = "a number from " #from " to " #to
#define NUMBER64(field)                                          \
	.kind = OPTION_NUMBER, FIELD(field), .most = UINT64_MAX, \
	.accepted = "a number of at most 64 bits"
#define LIMIT(field, to)                                            \
	.kind = OPTION_LIMIT, FIELD(field), .least = 1, .most = to, \
	.accepted = "max or a number from 1 to " #to
#define SIZE(field) \
	.kind = OPTION_SIZE, FIELD(field), .accepted = "a size N[K|M|G|T] below 16 EiB, 0 for all"
#define RANGES(field, count) \
	.kind = OPTION_RANGES, FIELD(field), .accepted = "a list of up to " #count " START+SIZE"
#define TEXT(field, length, form)          \
	.kind = OPTION_TEXT, FIELD(field), \
	.accepted = "a list " form " of at most " #length " bytes"

const struct option_word option_words[] = {
	/* name, default, help, kind */
	{ "pks", "relaxed", "how the kernel answers a protection-key fault",
	  CHOICE(policy.mode, modes) },
	{ "gate", "kmapped", "pages that can be pardoned: marked by kmap(), or any device page",
	  CHOICE(policy.gate, gates) },
	{ "pardon", "context",
	  "how far a pardon goes: the rest of the context, one instruction, every context",
	  CHOICE(policy.scope, scopes) },
	{ "marks", "page", "where kmap() counts a page's marks: in struct page, or in a hash",
	  CHOICE(marks, marks) },
	{ "early", "off", "warn once per call site of kmap() and page_address() on protected pages",
	  CHOICE(early, on_off) },
	{ "tests", "", "run only these: SUITE.TEST, SUITE.TEST+tick; tests=none runs none",
	  TEXT(tests, 255, "GLOB[,GLOB]") },
	{ "seed", "0", "seed of all random sequences; 0: taken from the TSC, and printed",
	  NUMBER64(seed) },
	{ "repeat", "1", "how many times to run each test", NUMBER(repeat, 1, 1000000) },
	{ "exit", "poweroff", "what to do at the end; monitor: a prompt", CHOICE(exit, exits) },
	{ "cpus", "max", "start at most this many CPUs, never more than 512", LIMIT(cpus, 4096) },
	{ "mem", "64G", "use at most this much RAM", SIZE(mem) },
	{ "reserve", "", "physical addresses to leave unused, RAM or not", RANGES(reserve, 8) },
	{ "paging", "max", "levels of paging; max: as many as the CPU has",
	  CHOICE(paging, levels) },
	{ "magic", "", "magic breakpoints for Bochs", MASK(magic, magic_points) },
	{ "matrix", "everyday",
	  "how much of the architecture matrix to run; list: all, with a line per divergent case",
	  CHOICE(matrix, extents) },
	{ "case", "", "run only these cases of the matrix, or this interleaving",
	  TEXT(matrix_case, 255, "AXIS:VALUE[,AXIS:VALUE]") },
	{ "avoid", "nothing", "leave out what would crash this machine: see machines/bochs",
	  CHOICE(avoid_set_dirty, avoided) },
	{ "apic", "found", "mode of the local APICs: as the firmware left it, or x2APIC",
	  CHOICE(x2apic, apic_modes) },
	{ "bench", "off", "run the benches instead of the tests", CHOICE(bench, on_off) },
	{ "trace", "off", "trace everything from the start, and dump it after the tests",
	  CHOICE(trace, off_on) },
};

const u32 option_word_count = ARRAY_SIZE(option_words);
_Static_assert(ARRAY_SIZE(option_words) <= 64, "boot/cmdline.c has a bit for each");

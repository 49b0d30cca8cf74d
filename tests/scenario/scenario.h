/* SPDX-License-Identifier: MIT */
/*
 * Kinds of kmap() users as small drivers, which run under every mode, gate and scope. The kinds are
 * those of the callers that the RFC of October 2020 lists (docs/EXPERIMENTS.md); `like` names the
 * callers. A driver's table lists its uses, and tests/scenario/rule.c derives the outcome that each
 * must have.
 */
#ifndef KEYWARD_TESTS_SCENARIO_SCENARIO_H
#define KEYWARD_TESTS_SCENARIO_SCENARIO_H

#include "mm/page.h"
#include "tests/harness/contexts.h"
#include "tests/scenario/rule.h"

#define SCENARIO_PAGES 4 /* of the protected range; drivers only stray to the last one */
#define SCENARIO_STRAY (SCENARIO_PAGES - 1)

struct scenario {
	const char *name, *like;
	void (*run)(void);      /* in a thread of its own */
	const struct use *uses; /* each is made once, in any order */
	u32 use_count;
};

#define SCENARIO(id, callers, use_table)            \
	const struct scenario scenario_##id = {     \
		.name = #id,                        \
		.like = callers,                    \
		.run = id,                          \
		.uses = use_table,                  \
		.use_count = ARRAY_SIZE(use_table), \
	};                                          \
	_Static_assert(ARRAY_SIZE(use_table) <= SCENARIO_USES, "SCENARIO_USES")

/* A driver's function; backtraces show it under its own name. */
#ifdef __clang__
#define DRIVER __attribute__((noinline)) static
#else
#define DRIVER __attribute__((noinline, noclone)) static
#endif

/* Returns page i of the range; all are denied at first. Any context. */
struct page *scenario_page(u32 i);

/*
 * Makes use number `n` of the running scenario: one access to `at`, in the range, of the kind in
 * its table, with some work before and after. Any context.
 */
void use(u32 n, void *at);

/* Executes about so many instructions, as a driver does between accesses. Any context. */
void work_on(u32 instructions);

/* Runs a scenario under every policy and checks the outcome of each use. Thread context. */
void scenario_check_all(const struct scenario *s);

/* Runs it with early=on: each kmapped page that faults was warned about before. Thread context. */
void scenario_kmap_check(const struct scenario *s);

// clang-format off
#define SCENARIOS(X) \
	X(receive_buffer) X(notify_page) X(pio_in_interrupt) X(receive_segment) \
	X(target_iovec) X(emulated_command) X(gem_object) X(coalesced_fragments) \
	X(uploaded_table) X(guest_page) X(scatter_walk) X(integrity_check) \
	X(directory_walk) X(directory_walk_local) X(directory_walk_thread) \
	X(directory_cache) X(page_list_tail) X(metapage) X(decompression) \
	X(returned_mapping) X(page_vector) X(logged_address) X(handed_mapping_work) \
	X(handed_page_work) X(handed_mapping_softirq) X(handed_page_softirq) \
	X(handed_mapping_thread) X(handed_page_thread) X(handed_mapping_interrupt) \
	X(handed_page_interrupt)
// clang-format on

#define SCENARIO_DECLARE(id) extern const struct scenario scenario_##id;
SCENARIOS(SCENARIO_DECLARE)

#define SCENARIO_COUNT_ONE(id) +1
#define SCENARIO_COUNT         (0 SCENARIOS(SCENARIO_COUNT_ONE))
extern const struct scenario *const scenarios[SCENARIO_COUNT];

#endif

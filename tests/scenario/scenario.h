/* SPDX-License-Identifier: MIT */
/*
 * Kinds of kmap() users as small drivers, each run under every mode, gate and scope of a pardon.
 * The kinds are those of the callers that the RFC of October 2020 lists (docs/EXPERIMENTS.md); a
 * driver's `like` names them. What must come of each access is said beforehand, in its table of
 * uses, and follows from tests/scenario/rule.c.
 */
#ifndef KEYWARD_TESTS_SCENARIO_SCENARIO_H
#define KEYWARD_TESTS_SCENARIO_SCENARIO_H

#include "mm/page.h"
#include "tests/harness/contexts.h"
#include "tests/scenario/rule.h"

#define SCENARIO_PAGES 4 /* of the protected range; the last one is nobody's: for strays */
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

/* A driver's function: it stands in backtraces under its own name. */
#ifdef __clang__
#define DRIVER __attribute__((noinline)) static
#else
#define DRIVER __attribute__((noinline, noclone)) static
#endif

/* The pages of the range, all denied at first. */
struct page *scenario_page(u32 i);

/*
 * Makes use number `n` of the running scenario: one access, of the kind that its table says, at
 * `at`, which lies in the range; with the work around it that makes it a use. Any context.
 */
void use(u32 n, void *at);

/* Computes for a while: what a driver does between two accesses. Any context. */
void work_on(u32 instructions);

/* Runs a scenario under every policy and checks what came of each use. Thread context. */
void scenario_check_all(const struct scenario *s);

/* Runs it with early=on: whoever faults late on a page was told of at once. Thread context. */
void scenario_check_early(const struct scenario *s);

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

// SPDX-License-Identifier: MIT
/*
 * MOVDIRI of 32 bits stores at its whole address. An emulator that cuts it to 32 bits accesses
 * other memory than the matrix has put under a key, so there the matrix leaves the instruction out
 * (avoid=movdiri), and this test alone says why. What this cannot know: other operands.
 */
#define KTEST_SUITE "matrix"

#include "kernel/cpu/cpuid.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"
#include "tests/matrix/matrix_rule.h"

#define PAGES 16

PROBE struct fault probe_movdiri(volatile void *p, u32 value)
{
	struct fault f = { .vector = FAULT_NONE };

	ACCESS(KIND_PROBE, "movdiri %[v], (%[p])", f, [v] "+r"(value) : [p] "r"(p));
	return f;
}

/* A page of the window is in the upper half; nothing is mapped at the lower half of its address. */
static void movdiri_uses_its_whole_address(void)
{
	struct rule_tally rule =
		RULE("Vol. 2: MOVDIRI", "a MOVDIRI of 32 bits stores at all 64 bits of "
					"its address");
	struct page *page;
	volatile u32 *word;

	SKIP_IF(!cpu_has(FEATURE_MOVDIRI), "this CPU has no MOVDIRI");
	page = window_page(0);
	REQUIRE(page);
	for (u32 i = 0; i < PAGES; i++) {
		u64 at = (u64)i << PAGE_SHIFT;

		if (!window_map(at, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA, 1))
			break;
		tlb_flush_range(WINDOW + at, 1);
		word = (volatile u32 *)(WINDOW + at);
		*word = ~i;
		RULE_FAULT(&rule, probe_movdiri(word, i), NO_FAULT, *word == i,
			   "MOVDIRI of %x to %lx, which then holds %x", i, WINDOW + at, *word);
	}
	window_clear();
	page_free(page, 0);
	rule_report(&rule);
}
KTEST(movdiri_uses_its_whole_address, 0);

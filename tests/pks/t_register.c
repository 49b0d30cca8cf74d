// SPDX-License-Identifier: MIT
/*
 * WRMSR to the register in the instruction right before the access. The suite `matrix` tests all
 * other promises of the CPU. What this cannot know: whether the CPU speculates past a denial.
 */
#define KTEST_SUITE "register"

#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "tests/harness/access.h"
#include "tests/harness/fixture.h"
#include "tests/harness/window.h"

/* Changes the rights back and forth while the TLB holds the translation, without any flush. */
static void new_rights_hold_from_the_next_instruction(void)
{
	struct page *page = window_page(0);
	struct rights_saved saved;
	struct trial t = { .p = (u64 *)WINDOW,
			   .page = { .present = true, .writable = true, .key = 9 },
			   .rule = "new rights hold from the next instruction, without a flush" };

	REQUIRE(page);
	policy_mode_set(PKS_MODE_STRICT);
	t.alias = page_address(page);
	if (window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA | window_key(9), 1)) {
		saved = rights_begin();
		for (u32 from = 0; from < 4; from++) {
			for (u32 to = 0; to < 4; to++) {
				t.pkrs = OF_KEY(9, from, ALL_DENIED);
				trial_data(&t); /* fills the TLB under the old rights */
				t.pkrs = OF_KEY(9, to, ALL_DENIED);
				trial_data(&t);
			}
		}
		rights_end(saved);
	}
	window_clear();
	page_free(page, 0);
}
KTEST(new_rights_hold_from_the_next_instruction, KT_PKS);

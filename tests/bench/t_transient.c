// SPDX-License-Identifier: MIT
/*
 * The probe for transient accesses, with the accessed flag of 16 pages in place of a cache: the CPU
 * sets it where a line is used, on any machine. What this cannot know: whether a cache shows the
 * same, and whether an access acts transiently, which sets no flag that could be seen.
 */
#define KTEST_SUITE "transient"

#include "kernel/cpu/insn.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "pks/rights.h"
#include "tests/bench/transient.h"
#include "tests/harness/expect.h"

#define VA   (TEST_BASE + 0x8000000000)
#define FAST 10
#define SLOW 100

static pte_t *entries; /* of the 16 pages at VA */

static void forget(u32 line)
{
	entries[line] &= ~PTE_A;
	invlpg(VA + line * TRANSIENT_STRIDE);
}

static u64 look(u32 line)
{
	u64 ticks = entries[line] & PTE_A ? FAST : SLOW;

	entries[line] |= PTE_A;
	return ticks;
}

static void act(enum fr_act a)
{
	transient_act(a);
}

/* Maps 16 pages at VA, one entry each, and prepares the probe; false: not possible here. */
static bool begin(struct page **block)
{
	const char *why;
	struct pgwalk walk;

	*block = page_alloc(4);
	if (!*block ||
	    pgtable_map(kernel_root, VA, page_to_phys(*block), 16 * PAGE_SIZE, PTE_RO_DATA, 1)) {
		ktest_error("out of memory");
		return false;
	}
	pgtable_walk(kernel_root, VA, &walk);
	entries = (pte_t *)phys_to_virt(walk.entry[2] & PTE_ADDR) + (VA >> PAGE_SHIFT & 511);
	why = transient_setup((u8 *)VA);
	if (why)
		ktest_error("%s", why);
	return !why;
}

static void end(struct page *block)
{
	transient_teardown();
	pgtable_unmap(kernel_root, VA, 16 * PAGE_SIZE);
	page_free(block, 4);
}

static void each_act_faults_or_does_not_as_its_rights_say(void)
{
	static const u32 error[FR_ACTS] = { [FR_LOAD_DENIED] = 0x21, [FR_STORE_DENIED] = 0x23 };
	static const u32 rights[FR_ACTS] = {
		[FR_LOAD_DENIED] = PKS_NOACCESS, [FR_STORE_DENIED] = PKS_NOWRITE
	};
	struct page *block;

	if (begin(&block))
		for (u32 a = 0; a < FR_ACTS; a++) {
			struct fault f = transient_act((enum fr_act)a);

			EXPECT_EQ(f.vector, error[a] ? X86_PF : FAULT_NONE);
			EXPECT_EQ(error[a] ? f.error : 0, error[a]);
			if (error[a])
				EXPECT_EQ(f.pkrs >> (2 * PKS_KEY_DEVMAP) & 3, rights[a]);
			EXPECT_EQ(transient_value(), a == FR_STORE_PERMITTED ? FR_NEW : FR_OLD);
		}
	end(block);
}
KTEST(each_act_faults_or_does_not_as_its_rights_say, KT_ENFORCED);

static void a_permitted_access_is_seen_and_a_fault_shows_no_line(void)
{
	static const struct fr_machine machine = { forget, look, act };
	struct flush_reload r;
	struct page *block;
	u64 flags;

	if (begin(&block)) {
		flags = irq_save();
		EXPECT(!flush_reload(&r, &machine));
		irq_restore(flags);
		EXPECT_EQ(r.hot[FR_LOAD_PERMITTED][FR_OLD], FR_ROUNDS);
		EXPECT_EQ(r.hot[FR_STORE_PERMITTED][FR_NEW], FR_ROUNDS);
		EXPECT_EQ(r.hot[FR_STORE_PERMITTED][FR_OLD], 0);
		for (u32 a = 0; a < FR_ACTS; a++)
			EXPECT_EQ(fr_others(&r, (enum fr_act)a), 0);
		for (u32 line = 0; line < FR_LINES; line++) {
			EXPECT_EQ(r.hot[FR_NOTHING][line], 0);
			EXPECT_EQ(r.hot[FR_LOAD_DENIED][line], 0);
			EXPECT_EQ(r.hot[FR_STORE_DENIED][line], 0);
		}
	}
	end(block);
}
KTEST(a_permitted_access_is_seen_and_a_fault_shows_no_line, KT_ENFORCED);

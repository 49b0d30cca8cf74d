// SPDX-License-Identifier: MIT
/*
 * The kernel's own mappings: W^X through every alias, read-only constants, guard pages, stacks.
 * What this cannot know: what DMA and firmware write, and which stale translations a TLB holds.
 */
#define KTEST_SUITE "machine"

#include "kernel/exception.h"
#include "mm/init.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "mm/pgtable_internal.h"
#include "mm/set_memory.h"
#include "mm/split.h"
#include "mm/stack.h"
#include "tests/harness/access.h"
#include "tests/harness/contexts.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"

extern char text_start[], user_load[], data_start[];

static const u8 ret_in_rodata[16] = { 0xc3 };
static u8 ret_in_data[16] = { 0xc3 };

/* Writes through the address itself and through its alias in the direct map. */
static void expect_read_only(const volatile void *p, const char *rule)
{
	volatile u64 *alias = phys_to_virt((u64)p - KERNEL_BASE);
	u64 before = *alias;

	EXPECT_PAGE_FAULT(probe_write((volatile void *)p, before), PF_P | PF_W, p, rule);
	EXPECT_PAGE_FAULT(probe_write(alias, before), PF_P | PF_W, alias, rule);
}

static void text_is_read_only(void)
{
	volatile u64 *boot = phys_to_virt(KERNEL_LMA); /* code that runs without paging */

	expect_read_only((void *)expect_read_only, "kernel text is read-only, by every alias");
	expect_read_only(text_start, "kernel text is read-only, by every alias");
	EXPECT_PAGE_FAULT(probe_write(boot, *boot), PF_P | PF_W, boot, "boot code is read-only");
	expect_read_only(user_load, "the user programs' text is read-only, by every alias");
}
KTEST(text_is_read_only, 0);

static void constants_are_read_only(void)
{
	expect_read_only(ret_in_rodata, "constants are read-only, by every alias");
	expect_read_only((void *)((u64)data_start - 8), "constants are read-only, by every alias");
}
KTEST(constants_are_read_only, 0);

static void expect_no_fetch(const volatile void *p, const char *rule)
{
	EXPECT_PAGE_FAULT(probe_fetch(0, p), PF_P | PF_I, p, rule);
}

static void data_is_not_executable(void)
{
	struct page *page = window_page(0);
	volatile u8 ret_on_stack[16] = { 0xc3 };

	REQUIRE(page);
	*(u8 *)page_address(page) = 0xc3; /* RET */
	expect_no_fetch(ret_in_data, "data is not executable");
	expect_no_fetch(ret_in_rodata, "constants are not executable");
	expect_no_fetch(ret_on_stack, "stacks are not executable");
	expect_no_fetch(page_address(page), "the direct map is not executable");
	expect_no_fetch(phys_to_virt((u64)text_start - KERNEL_BASE),
			"text is executable by its own address only");
	page_free(page, 0);
}
KTEST(data_is_not_executable, 0);

static struct {
	u64 leaves, bad;
} scan;

/* `any` and `all`: OR and AND of the entries on the path. XD counts in `any`, R/W, U/S in `all`. */
static void scan_leaf(u64 va, pte_t any, pte_t all)
{
	bool text = va >= (u64)text_start && va < (u64)user_load;
	bool bad = all & PTE_U || (text ? any & PTE_NX || all & PTE_W : !(any & PTE_NX));

	scan.leaves++;
	if (bad && !scan.bad++)
		ktest_fail(__FILE__, __LINE__, "0x%lx: entries are %lx by OR, %lx by AND", va, any,
			   all);
}

static void scan_table(pte_t table, int level, u64 va, pte_t any, pte_t all)
{
	for (u32 i = level == pgtable_top() ? 256 : 0; i < 512; i++) {
		u64 at = va + i * level_size(level);
		pte_t e = table_of(table)[i];

		if (!(e & PTE_P))
			continue;
		if (pte_is_leaf(e, level))
			scan_leaf(at, any | e, all & e);
		else
			scan_table(e, level - 1, at, any | e, all & e);
	}
}

/* Every mapping of the upper half is supervisor-only, and executable if and only if it is text. */
static void only_text_is_executable(void)
{
	int top = pgtable_top();

	scan.leaves = 0;
	scan.bad = 0;
	scan_table(kernel_root, top, ~0ULL << (12 + 9 * top), 0, ~0ULL);
	EXPECT(scan.leaves > 100);
	EXPECT_EQ(scan.bad, 0);
}
KTEST(only_text_is_executable, 0);

/* Each aligned 2 MiB of RAM is mapped by a large page, unless text or data begin within it. */
static void direct_map_uses_large_pages(void)
{
	u64 low = (u64)text_start - KERNEL_BASE, high = (u64)data_start - KERNEL_BASE;
	u64 size = level_size(2), blocks = 0, small = 0;
	struct pgwalk walk;

	SKIP_IF(options.debug_pagealloc, "debug_pagealloc=on: it has none");
	for (u32 i = 0; i < ram.count; i++) {
		u64 end = ram.r[i].end;

		for (u64 pa = ALIGN_UP(ram.r[i].start, size); pa + size <= end; pa += size) {
			bool mixed =
				(low > pa && low < pa + size) || (high > pa && high < pa + size);

			if (mixed)
				continue;
			blocks++;
			small += !pgtable_walk(kernel_root, DIRECT_BASE + pa, &walk) ||
				 walk.last < 2 || walk.pa != pa;
		}
	}
	EXPECT(blocks > 0);
	EXPECT(small <= pgtable_splits()); /* none, unless tests have run before */
}
KTEST(direct_map_uses_large_pages, 0);

static void expect_guard(u64 lowest)
{
	EXPECT(stack_guard_hit(lowest - 8));
	EXPECT(!stack_guard_hit(lowest));
	EXPECT(stack_contains(lowest, 8));
	EXPECT(!stack_contains(lowest - 8, 16));
	EXPECT_PAGE_FAULT(probe_write((void *)(lowest - 8), 0), PF_W, lowest - 8,
			  "nothing is mapped under a stack");
	EXPECT_PAGE_FAULT(probe_write((void *)(lowest - PAGE_SIZE), 0), PF_W, lowest - PAGE_SIZE,
			  "nothing is mapped under a stack");
}

static void every_stack_has_a_guard_page(void)
{
	struct thread *main = list_entry(all_threads.next, struct thread, all_node);

	expect_guard((u64)current_thread()->stack);
	expect_guard((u64)main->stack);
	for (u32 i = 0; i < IST_STACKS; i++)
		expect_guard(this_cpu()->tss.ist[i] - STACK_SIZE);
}
KTEST(every_stack_has_a_guard_page, 0);

static void note_stack(void *arg)
{
	*(u64 *)arg = (u64)__builtin_frame_address(0);
}

static bool in_ist(u64 rsp, u32 ist)
{
	u64 top = this_cpu()->tss.ist[ist];

	return rsp < top && rsp >= top - STACK_SIZE;
}

/* NMI and #MC have their own stacks; any other context that interrupts a thread uses its stack. */
static void each_context_runs_on_its_stack(void)
{
	u64 mine = (u64)current_thread()->stack;

	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		u64 rsp = 0;

		run_in(c, note_stack, &rsp);
		EXPECT(stack_contains(rsp, 8));
		EXPECT_EQ(in_ist(rsp, IST_NMI) || in_ist(rsp, IST_NMI_SECOND), c == IN_NMI);
		EXPECT_EQ(in_ist(rsp, IST_MC), c == IN_MC);
		EXPECT_EQ(in_ist(rsp, IST_DF), false);
		EXPECT_EQ(rsp >= mine && rsp < mine + STACK_SIZE,
			  c == IN_SOFTIRQ || c == IN_INTERRUPT || c == IN_EXCEPTION);
	}
}
KTEST(each_context_runs_on_its_stack, KT_STRESS);

static struct {
	u64 rsp, fixup; /* where the thread resumes */
	u64 df_rsp, df_error;
	u32 count;
} overflow;

static bool resume_after_overflow(struct regs *regs)
{
	overflow.count++;
	overflow.df_rsp = (u64)__builtin_frame_address(0);
	overflow.df_error = regs->error;
	regs->rip = overflow.fixup;
	regs->rsp = overflow.rsp;
	return true;
}

/* A push into the guard page faults; pushing the #PF frame faults too: #DF, on its own stack. */
static void a_stack_overflow_is_a_double_fault(void)
{
	trap_hook_t before = trap_hook_set(X86_DF, resume_after_overflow);
	u64 flags = irq_save();

	overflow.count = 0;
	asm volatile("mov %%rsp, %[rsp]\n\t"
		     "lea 1f(%%rip), %%rax\n\t"
		     "mov %%rax, %[fixup]\n\t"
		     "mov %[lowest], %%rsp\n\t"
		     "push %%rax\n"
		     "1: mov %[rsp], %%rsp"
		     : [rsp] "=m"(overflow.rsp), [fixup] "=m"(overflow.fixup)
		     : [lowest] "r"(current_thread()->stack)
		     : "rax", "memory", "cc");
	irq_restore(flags);
	trap_hook_set(X86_DF, before);
	EXPECT_EQ(overflow.count, 1);
	EXPECT_EQ(overflow.df_error, 0);
	EXPECT(in_ist(overflow.df_rsp, IST_DF));
}
KTEST(a_stack_overflow_is_a_double_fault, 0);

// SPDX-License-Identifier: MIT
/*
 * Stray accesses to persistent memory, and maps of its pages by code that does not know what they
 * are. What this cannot know: what remains after a reboot; the suite `stray` tests that.
 */
#define KTEST_SUITE "pmem"

#include "kernel/lib/string.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "mm/page_alloc.h"
#include "pks/policy/short.h"
#include "tests/harness/probe.h"
#include "tests/mm/pmem/pmem_test.h"

static struct kept_page kept;

struct stray {
	volatile u64 *va;
	bool first, second; /* whether each of two writes was let through */
	u32 rights;         /* after them */
};

static void write_twice(void *arg)
{
	struct stray *s = arg;

	s->first = policy_write(s->va).vector == FAULT_NONE;
	s->second = policy_write(s->va).vector == FAULT_NONE;
	s->rights = rights_mirror();
}

/* In each context but an NMI's and #MC's, by each mapping, to the first and the last page. */
static void expect_writes(const struct pmem *pmem, bool pass, const char *what)
{
	for (enum test_context c = 0; c <= IN_EXCEPTION; c++) {
		for (u32 i = 0; i < 4; i++) {
			u64 at = pmem_place(pmem, i & 1 ? PLACES - 1 : 0);
			struct stray s = { .va = i & 2 ? pmem_disk_page(pmem, at).va
						       : pmem_page(pmem, at).va };

			run_in(c, write_twice, &s);
			ktest_checked();
			if (s.first != pass || s.second != pass ||
			    s.rights != (pass ? WITH_KEY(PKS_KEY_DEVMAP) : PKRS_INIT))
				ktest_fail(__FILE__, __LINE__,
					   "%s: expected two writes in a %s to %s, at %p; they "
					   "returned %u and %u, rights %08x",
					   what, test_context_name(c), pass ? "pass" : "be refused",
					   (void *)s.va, s.first, s.second, s.rights);
		}
	}
	EXPECT_RIGHTS(PKRS_INIT);
}

static void mark_ends(const struct pmem *pmem, bool mark)
{
	for (u32 i = 0; i < 2; i++) {
		struct page *page = pmem_page(pmem, pmem_place(pmem, 2 * i)).page;

		if (mark)
			kmap(page);
		else
			kunmap(page);
	}
}

/* By mode and gate: only a mark, or gate=any, makes a page pardonable, and nothing in STRICT. */
static void the_policy_decides_on_stray_writes(void)
{
	struct pmem *pmem = pmem_of(2);
	static struct kept_page last;

	if (!pmem)
		return;
	keep_page(&kept, pmem->pgmap.first);
	keep_page(&last, pmem->pgmap.first + pmem->pgmap.pages - 1);
	for (u32 marked = 0; marked < 2; marked++) {
		if (marked)
			mark_ends(pmem, true);
		policy_set(PKS_MODE_STRICT, PKS_GATE_ANY);
		expect_writes(pmem, false, "strict");
		policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
		expect_writes(pmem, marked, "silent, kmapped");
		policy_set(PKS_MODE_RELAXED, PKS_GATE_KMAPPED);
		expect_writes(pmem, marked, "relaxed, kmapped");
		policy_set(PKS_MODE_RELAXED, PKS_GATE_ANY);
		expect_writes(pmem, true, "relaxed, any");
	}
	mark_ends(pmem, false);
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	expect_writes(pmem, false, "unmapped again");
	put_back(&last);
	put_back(&kept);
}
KTEST(the_policy_decides_on_stray_writes, KT_PKS);

/* The frame of a store by kernel code without rights. */
static struct regs fault_frame(void)
{
	struct regs regs = {
		.vector = X86_PF,
		.error = PF_P | PF_W | PF_PK,
		.rip = (u64)fault_frame,
		.cs = SEL_KERNEL_CS,
		.rflags = RFLAGS_FIXED,
	};

	regs_set_pkrs(&regs, PKRS_INIT);
	return regs;
}

/* The short way, with the range hinted and with another one, and the long way. */
static void both_ways_pardon_a_marked_page(void)
{
	struct pmem *pmem = pmem_of(1);
	struct prot_page p;
	u64 flags;

	if (!pmem)
		return;
	SKIP_IF(options.trace, "with trace=on there is no short way");
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	for (u32 i = 0; i < PLACES; i++) {
		struct regs by_short = fault_frame(), by_long = by_short;
		u64 addr;

		p = pmem_page(pmem, pmem_place(pmem, i));
		addr = (u64)p.va + PAGE_SIZE - 1;
		kmap(p.page);
		flags = irq_save();
		EXPECT(virt_to_page((void *)p.va) == p.page); /* sets the hint */
		EXPECT(pks_fault_short(&by_short, addr));
		EXPECT(pks_fault(&by_long, addr));
		irq_restore(flags);
		EXPECT_EQ(regs_pkrs(&by_short), WITH_KEY(PKS_KEY_DEVMAP));
		EXPECT_EQ(regs_pkrs(&by_long), WITH_KEY(PKS_KEY_DEVMAP));
		kunmap(p.page);
		by_short = fault_frame();
		EXPECT(!pks_fault_short(&by_short, addr));
		EXPECT_EQ(regs_pkrs(&by_short), PKRS_INIT);
	}
}
KTEST(both_ways_pardon_a_marked_page, KT_PKS);

/* A fault by the key may be judged only after the page is gone. It is repeated, and then finds out.
 */
static void a_fault_older_than_an_unmap_is_repeated_once(void)
{
	struct pmem *pmem = pmem_of(1);
	struct regs regs = fault_frame();
	u64 flags, addr;

	if (!pmem)
		return;
	addr = (u64)pmem_page(pmem, pmem->pgmap.pages - 1).va;
	for (u32 i = 0; i < 2; i++) {
		EXPECT_EQ(pmem_unmap(pmem), 0);
		flags = irq_save();
		EXPECT(pks_fault(&regs, addr));
		EXPECT(!pks_fault(&regs, addr));
		irq_restore(flags);
		EXPECT_EQ(regs_pkrs(&regs), PKRS_INIT);
		EXPECT_EQ(pmem_map(pmem), 0);
	}
}
KTEST(a_fault_older_than_an_unmap_is_repeated_once, KT_PKS);

/* Copies a page as code does that knows nothing of keys. */
static void copy_onto(struct page *to, struct page *from, bool atomically)
{
	void *dst = atomically ? kmap_atomic(to) : kmap_local_page(to);
	const void *src = kmap_local_page_read(from);

	memcpy(dst, src, PAGE_SIZE);
	kunmap_local(src);
	if (atomically)
		kunmap_atomic(dst);
	else
		kunmap_local(dst);
}

struct copies {
	struct page *pmem, *there, *back;
};

static void copy_there_and_back(void *arg)
{
	struct copies *c = arg;

	for (u32 atomically = 0; atomically < 2; atomically++) {
		copy_onto(c->pmem, c->there, atomically);
		memset(page_to_virt(c->back), 0, PAGE_SIZE);
		copy_onto(c->back, c->pmem, atomically);
		EXPECT_EQ(memcmp(page_to_virt(c->there), page_to_virt(c->back), PAGE_SIZE), 0);
		EXPECT_RIGHTS(PKRS_INIT);
	}
}

/* The same code on RAM and on a device, in every context; STRICT, so that no pardon helps. */
static void kmap_local_serves_callers_that_know_nothing(void)
{
	struct pmem *pmem = pmem_of(1);
	struct copies c = { .there = page_alloc(0), .back = page_alloc(0) };

	if (pmem && EXPECT(c.there && c.back)) {
		policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
		for (enum test_context in = 0; in < TEST_CONTEXTS; in++) {
			c.pmem = pmem_page(pmem, pmem_place(pmem, in % PLACES)).page;
			keep_page(&kept, c.pmem);
			memset(page_to_virt(c.there), 0x11 + (int)in, PAGE_SIZE);
			run_in(in, copy_there_and_back, &c);
			put_back(&kept);
		}
	}
	if (c.there)
		page_free(c.there, 0);
	if (c.back)
		page_free(c.back, 0);
}
KTEST(kmap_local_serves_callers_that_know_nothing, KT_PKS);

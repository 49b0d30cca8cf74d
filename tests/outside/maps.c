// SPDX-License-Identifier: MIT
/* Steps that change rights by themselves: grants, maps, marks, softirqs and work items. */
#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_thread.h"
#include "mm/set_memory.h"
#include "pks/policy/fault.h"
#include "pks/policy/global.h"
#include "pks/rights.h"
#include "tests/harness/probe.h"
#include "tests/outside/outside.h"

/* Rights of no page: each round takes another key, so that all are changed, 15 too. */
void outside_rights(void)
{
	u32 key = 3 + (u32)(outside.rounds % 13), open = PKRS_INIT & ~pkrs_mask(key);
	struct pks_token read, write;

	read = pks_grant(key, PKS_READ);
	EXPECT_OUTSIDE(PKRS_INIT & ~(1u << 2 * key));
	write = pks_grant(key, PKS_WRITE);
	EXPECT_OUTSIDE(open);
	pks_revoke(write);
	EXPECT_OUTSIDE(PKRS_INIT & ~(1u << 2 * key));
	pks_revoke(read);
	EXPECT_OUTSIDE(PKRS_INIT);
	pks_set_noaccess(PKS_KEY_RO);
	EXPECT_OUTSIDE(PKRS_INIT | pkrs_mask(PKS_KEY_RO));
	pks_set_nowrite(PKS_KEY_RO);
	EXPECT_OUTSIDE(PKRS_INIT);
}

/* The rights with the marked page's key open for reading, and for reading and writing. */
static u32 readable(void)
{
	return PKRS_INIT & ~(pkrs_mask(pages.marked.page->pkey) & 0x55555555);
}

static u32 writable(void)
{
	return PKRS_INIT & ~pkrs_mask(pages.marked.page->pkey);
}

void outside_maps(void)
{
	volatile u64 *a, *b;

	a = kmap_local_page_read(pages.marked.page);
	EXPECT_OUTSIDE(readable());
	EXPECT_ACCESSIBLE(&pages.marked);
	b = kmap_local_page(pages.second.page);
	EXPECT_OUTSIDE(writable());
	*b = 9;
	kunmap_local((void *)b);
	EXPECT_OUTSIDE(readable());
	kunmap_local((void *)a);
	EXPECT_OUTSIDE(PKRS_INIT);
	kmap_thread(pages.second.page);
	EXPECT_OUTSIDE(writable());
	kmap_thread(pages.other.page);
	kunmap_thread(pages.second.page);
	EXPECT_OUTSIDE(PKRS_INIT & ~pkrs_mask(pages.other.page->pkey));
	kunmap_thread(pages.other.page);
	EXPECT_OUTSIDE(PKRS_INIT);
	kmap_local_page(pages.marked.page);
	kmap_thread(pages.other.page);
	kunmap_local((void *)pages.marked.va);
	EXPECT_OUTSIDE(PKRS_INIT & ~pkrs_mask(pages.other.page->pkey));
	kunmap_thread(pages.other.page);
	EXPECT_OUTSIDE(PKRS_INIT);
}

/* Out of order, too many, and none: each is warned about once, and then counted. */
void outside_disorder(void)
{
	volatile u64 *a = kmap_local_page(pages.marked.page);
	volatile u64 *b = kmap_local_page(pages.second.page);

	kmap_local_page(pages.other.page);
	kunmap_local((void *)a);
	EXPECT_OUTSIDE(writable() & ~pkrs_mask(pages.other.page->pkey));
	kunmap_local((void *)b);
	EXPECT_OUTSIDE(PKRS_INIT & ~pkrs_mask(pages.other.page->pkey));
	kunmap_local((void *)pages.other.va);
	EXPECT_OUTSIDE(PKRS_INIT);
	kunmap_local((void *)pages.other.va);
	kunmap_thread(pages.other.page);
	kunmap_thread(pages.plain);
	kunmap(pages.other.page);
	kunmap_local(&pages);
	a = kmap_local_page_read(pages.marked.page);
	b = kmap_local_page(pages.second.page);
	kunmap_local((void *)a);
	EXPECT_OUTSIDE(writable());
	kunmap_local((void *)b);
	EXPECT_OUTSIDE(PKRS_INIT);
	for (u32 i = 0; i < LOCAL_MAPS; i++)
		kmap_local_page(pages.second.page);
	kmap_local_page(pages.other.page);
	EXPECT_OUTSIDE(writable());
	for (u32 i = 0; i < LOCAL_MAPS; i++)
		kunmap_local((void *)pages.second.va);
	EXPECT_OUTSIDE(PKRS_INIT);
}

/* Changes the key of a page that stays marked: the marks move along. */
static void move_key(struct prot_page *p, u32 to)
{
	u32 from = p->page->pkey, marks = pks_global_marks(to);

	kmap(p->page);
	EXPECT_EQ(set_memory_pkey((u64)p->va, 1, to), 0);
	EXPECT_EQ(pks_global_marks(from), 0);
	EXPECT_EQ(pks_global_marks(to), marks + 1);
	EXPECT_OUTSIDE(PKRS_INIT);
	EXPECT_EQ(set_memory_pkey((u64)p->va, 1, from), 0);
	EXPECT_EQ(pks_global_marks(to), marks);
	EXPECT_EQ(set_memory_pkey((u64)p->va, 1, PKS_KEY_DEFAULT), 0);
	EXPECT_EQ(pks_global_marks(from), 0);
	EXPECT_EQ(set_memory_pkey((u64)p->va, 1, from), 0);
	EXPECT_EQ(pks_global_marks(from), 1);
	kunmap(p->page);
	EXPECT_OUTSIDE(PKRS_INIT);
}

/* Leaving the scope GLOBAL takes back what was lent. */
static void change_scope(void)
{
	policy_scope_set(PKS_SCOPE_CONTEXT);
	EXPECT_RIGHTS(PKRS_INIT);
	policy_scope_set((enum pks_scope)outside.scope);
}

static void recall(void)
{
	apic_self_ipi(VECTOR_RECALL);
	for (u32 i = 0; i < 100; i++)
		cpu_relax();
	EXPECT_RIGHTS(PKRS_INIT);
}

/* The last mark of a key closes it everywhere, by a wait, or at once with interrupts off. */
void outside_marks(void)
{
	u32 key = pages.other.page->pkey;
	u64 flags;

	EXPECT_EQ(pks_global_marks(key), 0);
	kmap(pages.other.page);
	kmap(pages.other.page);
	EXPECT_EQ(pks_global_marks(key), 2);
	kunmap(pages.other.page);
	EXPECT_OUTSIDE(PKRS_INIT);
	kunmap(pages.other.page);
	EXPECT_RIGHTS(PKRS_INIT);
	flags = irq_save();
	kmap(pages.other.page);
	kunmap(pages.other.page);
	EXPECT_RIGHTS(PKRS_INIT);
	irq_restore(flags);
	EXPECT_EQ(pks_global_marks(key), 0);
	kmap(pages.plain);
	kunmap(pages.plain);
	move_key(&pages.other, pages.marked.page->pkey);
	recall();
	change_scope();
}

static void meddle(void *arg)
{
	(void)arg;
	EXPECT_OUTSIDE(PKRS_INIT);
	rights_set(WITH_KEY(KEY_B));
	/* Contexts without a thread's maps of their own. */
	kmap_thread(pages.second.page);
	kunmap_thread(pages.second.page);
	EXPECT_EQ(rights_mirror(), WITH_KEY(KEY_B));
}

void outside_soft(void)
{
	rights_set(WITH_KEY(KEY_A));
	run_in(IN_SOFTIRQ, meddle, NULL);
	EXPECT_RIGHTS(WITH_KEY(KEY_A));
	run_in(IN_WORK, meddle, NULL);
	EXPECT_RIGHTS(WITH_KEY(KEY_A));
	rights_set(PKRS_INIT);
}

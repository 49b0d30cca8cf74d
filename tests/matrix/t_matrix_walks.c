// SPDX-License-Identifier: MIT
/*
 * Keys rule linear addresses, and the CPU reaches paging structures by physical ones: tables may
 * lie in pages that no context may access, and a walk and its updates of A and D work all the same.
 * That is what lets a kernel protect its page tables by a key. The tables here get each key in
 * turn, in the direct map and in mappings of the space that they make up, and the register denies
 * it; that it denies is tried first. What this cannot know: walks that another CPU makes at the
 * same time.
 */
#define KTEST_SUITE "matrix"

#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/string.h"
#include "mm/page.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "mm/set_memory.h"
#include "mm/tlb.h"
#include "tests/harness/access.h"
#include "tests/matrix/home.h"
#include "tests/matrix/matrix_rule.h"
#include "tests/matrix/own_space.h"

#define SDM        "Protection Keys"
#define KEYS       16
#define TABLES_MAX 16
#define ALIASES    (2 * PAGE_SIZE) /* behind the 4 KiB page: the mappings of the tables */

/* The space, and the tables of its three pages. */
struct walk {
	struct rule_tally rule;
	struct own_space space;
	u64 tables[TABLES_MAX]; /* addresses in the direct map */
	u32 count;
};

static void add_table(struct walk *w, u64 table)
{
	for (u32 i = 0; i < w->count; i++)
		if (w->tables[i] == table)
			return;
	if (EXPECT(w->count < TABLES_MAX))
		w->tables[w->count++] = table;
}

/* Splits the direct map, where the tables lie in large pages. */
static bool find_tables(struct walk *w)
{
	bool ok = true;

	for (int i = 0; i < OWN_SIZES; i++) {
		const struct own_page *p = &w->space.pages[i];

		for (int at = p->level; p->level && at <= p->top; at++)
			add_table(w, ALIGN_DOWN((u64)p->entry[at], PAGE_SIZE));
	}
	for (u32 i = 0; i < w->count; i++)
		ok = EXPECT_EQ(set_memory_pkey(w->tables[i], 1, PKS_KEY_DEVMAP), 0) && ok;
	return ok;
}

static void put_key(u64 va, u32 key)
{
	pte_t *entry = pgtable_entry(kernel_root, va, 1, false);

	*entry = pte_with_key(*entry, key);
	tlb_flush_page(va);
}

static void give_back_tables(struct walk *w)
{
	for (u32 i = 0; i < w->count; i++)
		put_key(w->tables[i], PKS_KEY_DEVMAP); /* as set_memory_pkey() left it */
	for (u32 i = 0; i < w->count; i++)
		EXPECT_EQ(set_memory_pkey(w->tables[i], 1, PKS_KEY_DEFAULT), 0);
}

/* Gives all tables this key, in the direct map and in their mappings in the space itself. */
static void put_table_keys(struct walk *w, u32 key)
{
	const struct own_page *p = &w->space.pages[0];

	for (u32 i = 0; i < w->count; i++) {
		pte_t *alias = p->entry[1] + ALIASES / PAGE_SIZE + i;

		put_key(w->tables[i], key);
		*alias = pte_with_key(virt_to_phys((void *)w->tables[i]) | PTE_P | PTE_W, key);
	}
}

/* The register must keep explicit accesses from the tables, or the test would show nothing. */
static void expect_denied_tables(struct walk *w, u32 key, u32 rights)
{
	struct fault want = { X86_PF, PF_P | PF_PK | (rights == 2 ? PF_W : 0), 0, 0 };

	own_page_reset(&w->space.pages[0], false, 0); /* the aliases need its tables */
	for (u32 i = 0; i < 2 * w->count; i++) {
		u64 va = i & 1 ? w->tables[i / 2]
			       : w->space.pages[0].va + ALIASES + i / 2 * PAGE_SIZE;
		u64 value = *(volatile u64 *)w->tables[i / 2]; /* a write must not hurt */
		struct fault f;

		want.addr = va;
		rights_put(OF_KEY(key, rights, ALL_OPEN));
		f = own_access(false, rights == 2 ? ORACLE_WRITE : ORACLE_READ, va, &value);
		rights_put(ALL_OPEN);
		RULE_FAULT(&w->rule, f, want, true, "table %u by key %u, rights %u", i / 2, key,
			   rights);
	}
}

/* Something that reaches memory through the page: an access, or the CPU's own. */
struct use {
	const char *name;
	bool user, writes;
	struct fault (*make)(const struct own_page *p, const struct use *use);
	enum oracle_access kind;
};

static struct fault make_access(const struct own_page *p, const struct use *use)
{
	u64 value = 0;

	return own_access(use->user, use->kind,
			  p->va + (use->kind == ORACLE_FETCH ? OWN_CODE : OWN_DATA), &value);
}

struct pseudo_descriptor {
	u16 limit;
	u64 base;
} __attribute__((packed));

#define AT_GDT   0x400 /* offsets in the block */
#define AT_IDT   0x600
#define AT_STACK 0x1000
#define GATES    16
#define MARKED   0x40               /* the selector of a segment ... */
#define UNMARKED 0x00cf92000000ffff /* ... that is not marked as accessed: data, DPL 0 */

/* Makes INT3 at CPL 0, from what own_access() ends with; the read is of the kernel's memory. */
static struct fault trap(void)
{
	u64 value;

	return own_access(false, ORACLE_READ, (u64)&boot_cpu.id, &value);
}

/* Loads FS by a GDT in the page, which marks the descriptor. */
static struct fault make_gdt(const struct own_page *p, const struct use *use)
{
	struct pseudo_descriptor kernel, own = { MARKED + 7, p->va + AT_GDT };
	volatile u64 *marked = (volatile u64 *)(p->memory + AT_GDT + MARKED);

	(void)use;
	asm volatile("sgdt %0" : "=m"(kernel));
	memcpy((u8 *)p->memory + AT_GDT, (void *)kernel.base, sizeof(this_cpu()->gdt));
	*marked = UNMARKED;
	lgdt(&own);
	asm volatile("mov %0, %%fs" : : "r"(MARKED) : "memory");
	lgdt(&kernel);
	asm volatile("mov %0, %%fs" : : "r"(0) : "memory");
	return *marked == (UNMARKED | BIT(40)) ? NO_FAULT : FAULT_GP;
}

/* Takes an exception by an IDT in the page. */
static struct fault make_idt(const struct own_page *p, const struct use *use)
{
	struct pseudo_descriptor outer, own = { GATES * sizeof(struct gate) - 1, p->va + AT_IDT };
	struct fault f;

	(void)use;
	asm volatile("sidt %0" : "=m"(outer));
	memcpy((u8 *)p->memory + AT_IDT, (void *)outer.base, GATES * sizeof(struct gate));
	lidt(&own);
	f = trap();
	lidt(&outer);
	return f;
}

/* Takes an exception on a stack in the page. */
static struct fault make_frame(const struct own_page *p, const struct use *use)
{
	u64 *ist = &this_cpu()->tss.ist[OWN_IST - 1], outer = *ist;
	struct fault f;

	(void)use;
	*ist = p->va + AT_STACK;
	f = trap();
	*ist = outer;
	return f;
}

static const struct use uses[] = {
	{ "read at CPL 0", false, false, make_access, ORACLE_READ },
	{ "write at CPL 0", false, true, make_access, ORACLE_WRITE },
	{ "read-modify-write at CPL 0", false, true, make_access, ORACLE_MODIFY },
	{ "fetch at CPL 0", false, false, make_access, ORACLE_FETCH },
	{ "read at CPL 3", true, false, make_access, ORACLE_READ },
	{ "write at CPL 3", true, true, make_access, ORACLE_WRITE },
	{ "fetch at CPL 3", true, false, make_access, ORACLE_FETCH },
	{ "descriptor's accessed bit", false, true, make_gdt, 0 },
	{ "gate of the IDT", false, false, make_idt, 0 },
	{ "exception frame", false, true, make_frame, 0 },
};

/* Each level must have got A, the leaf also D by a write, and nothing else. */
static void check_entries(struct rule_tally *r, const struct own_page *p, const struct use *use,
			  u32 key)
{
	for (int at = p->level; at <= p->top; at++) {
		pte_t e = *(volatile pte_t *)p->entry[at];
		pte_t want = p->first[at] | PTE_A | (use->user ? PTE_U : 0);

		if (at == p->level)
			want |= pte_with_key(use->writes ? PTE_D : 0, key);
		RULE_CASE(r, e == want, "level %d of a %s page is %016lx after a %s, not %016lx",
			  at, own_size_name(p->level), e, use->name, want);
	}
}

/* What the walks are to set must be clear before, or the test would show nothing. */
static void expect_clear_entries(const struct own_page *p)
{
	for (int at = p->level; at <= p->top; at++)
		EXPECT(!(*(volatile pte_t *)p->entry[at] & (PTE_A | PTE_D)));
}

static void try_use(struct walk *w, const struct own_page *p, const struct use *use, u32 key,
		    u32 rights)
{
	u32 leaf_key = (key + 7) % KEYS;
	struct fault f;

	own_page_reset(p, use->user, leaf_key);
	expect_clear_entries(p);
	own_flush(&w->space);
	rights_put(OF_KEY(key, rights, ALL_OPEN));
	f = use->make(p, use);
	rights_put(ALL_OPEN);
	RULE_FAULT(&w->rule, f, NO_FAULT, true, "%s of a %s page with tables of key %u, rights %u",
		   use->name, own_size_name(p->level), key, rights);
	check_entries(&w->rule, p, use, leaf_key);
}

static void try_tables_of_key(struct walk *w, u32 key)
{
	put_table_keys(w, key);
	for (u32 rights = 1; rights < 4; rights++) {
		expect_denied_tables(w, key, rights);
		for (u32 i = 0; i < OWN_SIZES; i++)
			for (u32 u = 0; u < ARRAY_SIZE(uses); u++)
				if (w->space.pages[i].level && rule_turn(&w->rule, 13))
					try_use(w, &w->space.pages[i], &uses[u], key, rights);
	}
}

/*
 * Key 0 is the kernel's own, so nothing but the access may come between the two writes of the
 * register. A fault would be fatal.
 */
static void deny_key_0_and_write(u64 va, u32 pkrs)
{
	asm volatile("wrmsr\n\t"
		     "movq %[va], (%[va])\n\t"
		     "mov (%[va]), %%r8\n\t"
		     "xor %%eax, %%eax\n\t"
		     "wrmsr"
		     :
		     : "a"(pkrs), "d"(0), "c"(MSR_IA32_PKRS), [va] "r"(va)
		     : "r8", "memory");
}

static void try_tables_of_key_0(struct walk *w)
{
	const struct use write = { "write at CPL 0", false, true, NULL, ORACLE_WRITE };

	put_table_keys(w, 0);
	for (u32 i = 0; i < 3 * OWN_SIZES && !w->rule.divergent; i++) {
		const struct own_page *p = &w->space.pages[i / 3];
		u32 key = 1 + i;

		if (!p->level)
			continue;
		own_page_reset(p, false, key);
		own_flush(&w->space);
		deny_key_0_and_write(p->va + OWN_DATA, OF_KEY(0, 1 + i % 3, ALL_OPEN));
		check_entries(&w->rule, p, &write, key);
	}
}

static void page_walks_obey_no_key(void)
{
	static struct walk walk;
	struct rights_saved saved;

	walk = (struct walk){ .rule = RULE(SDM, "page tables in pages whose key is denied "
						"translate, and get A and D, as others do: keys "
						"rule linear addresses, and walks use physical "
						"ones") };
	if (!own_space_create(&walk.space))
		return;
	if (find_tables(&walk)) {
		saved = rights_begin();
		rights_put(ALL_OPEN);
		own_enter(&walk.space);
		for (u32 key = 1; key < KEYS; key++)
			try_tables_of_key(&walk, key);
		try_tables_of_key_0(&walk);
		own_leave(&walk.space);
		rights_end(saved);
	}
	give_back_tables(&walk);
	own_space_destroy(&walk.space);
	rule_report(&walk.rule);
}
KTEST(page_walks_obey_no_key, KT_ENFORCED);

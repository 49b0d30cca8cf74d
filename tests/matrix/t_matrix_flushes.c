// SPDX-License-Identifier: MIT
/*
 * What flushes a translation, flushes its key: global pages, MOV to CR3 with and without bit 63,
 * INVPCID of each type, a change of CR4.PGE. Where the old translation may stay, the access obeys
 * the old key or the new one, and does nothing else. What this cannot know: whether a flush drops
 * more than it must. (Bochs does: it has one TLB for all PCIDs.)
 */
#define KTEST_SUITE "matrix"

#include "kernel/cpu/cpuid.h"
#include "pks/pkrs.h"
#include "tests/harness/access.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/pke.h"
#include "tests/matrix/matrix_rule.h"
#include "tests/matrix/own_space.h"

#define SDM   "Operations that Invalidate TLBs and Paging-Structure Caches"
#define KEYS  16
#define KEEP  BIT(63) /* of MOV to CR3: drops nothing */
#define PCID  5       /* under which the translation is made */
#define OTHER 6

#define FEATURE_PCID    CPUID_FEATURE(1, 2, 17)
#define FEATURE_INVPCID CPUID_FEATURE(7, 1, 10)
#define CR4_PCIDE       (1 << 17)

enum { ONE_ADDRESS, ONE_PCID, ALL, ALL_BUT_GLOBAL }; /* types of INVPCID */

static void invpcid(u64 type, u64 pcid, u64 va)
{
	const u64 descriptor[2] = { pcid, va };

	asm volatile("invpcid (%0), %1" : : "r"(descriptor), "r"(type) : "memory");
}

/* One case's surroundings. */
struct flush {
	const struct own_space *space;
	const struct own_page *page;
	u64 pcid; /* 0: CR4.PCIDE = 0 */
	u64 va;
};

static void by_invlpg(const struct flush *f)
{
	invlpg(f->va);
}

static void by_pge(const struct flush *f)
{
	(void)f;
	write_cr4(read_cr4() ^ CR4_PGE);
	write_cr4(read_cr4() ^ CR4_PGE);
}

static void by_cr3(const struct flush *f)
{
	write_cr3(f->space->us.root | f->pcid);
}

static void by_cr3_keep(const struct flush *f)
{
	write_cr3(f->space->us.root | f->pcid | KEEP);
}

/* To another PCID, flushing that one, and back. */
static void by_cr3_of_other(const struct flush *f)
{
	write_cr3(f->space->us.root | OTHER);
	by_cr3_keep(f);
}

static void by_invpcid_address(const struct flush *f)
{
	invpcid(ONE_ADDRESS, f->pcid, f->va);
}

static void by_invpcid_address_of_other(const struct flush *f)
{
	invpcid(ONE_ADDRESS, OTHER, f->va);
}

static void by_invpcid_pcid(const struct flush *f)
{
	invpcid(ONE_PCID, f->pcid, 0);
}

static void by_invpcid_pcid_of_other(const struct flush *f)
{
	(void)f;
	invpcid(ONE_PCID, OTHER, 0);
}

static void by_invpcid_all(const struct flush *f)
{
	(void)f;
	invpcid(ALL, 0, 0);
}

static void by_invpcid_all_but_global(const struct flush *f)
{
	(void)f;
	invpcid(ALL_BUT_GLOBAL, 0, 0);
}

/* INVPCID from the other PCID, which then has been the current one for a while. */
static void by_invpcid_from_other(const struct flush *f)
{
	write_cr3(f->space->us.root | OTHER | KEEP);
	invpcid(ONE_ADDRESS, f->pcid, f->va);
	by_cr3_keep(f);
}

static const struct way {
	const char *name;
	void (*flush)(const struct flush *f);
	bool drops, drops_global; /* the translation, if it is not global or if it is */
	bool invpcid, pcid;       /* needs the instruction; needs CR4.PCIDE = 1 */
} ways[] = {
	{ "INVLPG", by_invlpg, true, true, false, false },
	{ "CR4.PGE", by_pge, true, true, false, false },
	{ "MOV to CR3", by_cr3, true, false, false, false },
	{ "MOV to CR3 that keeps", by_cr3_keep, false, false, false, true },
	{ "MOV to CR3 of another PCID", by_cr3_of_other, false, false, false, true },
	{ "INVPCID type 0", by_invpcid_address, true, false, true, false },
	{ "INVPCID type 0 of another PCID", by_invpcid_address_of_other, false, false, true, true },
	{ "INVPCID type 0 from another PCID", by_invpcid_from_other, true, false, true, true },
	{ "INVPCID type 1", by_invpcid_pcid, true, false, true, false },
	{ "INVPCID type 1 of another PCID", by_invpcid_pcid_of_other, false, false, true, true },
	{ "INVPCID type 2", by_invpcid_all, true, true, true, false },
	{ "INVPCID type 3", by_invpcid_all_but_global, true, false, true, false },
};

/* One case: the key changes from `from` to `to`, one of which the rights deny. */
struct rekey {
	struct flush at;
	const struct way *way;
	bool user, global; /* a user-mode address, accessed at CPL 3 under PKRU */
	u32 from, to, rights_from, rights_to;
	enum oracle_access kind;
};

struct flush_run {
	struct rule_tally rule;
	struct own_space space;
	bool user, pcid;
	u64 kept, gone; /* translations that might stay, and did or did not */
};

static void put_rights(bool user, u32 rights)
{
	if (user)
		probe_wrpkru(rights, 0, 0);
	else
		rights_put(rights);
}

static struct oracle_verdict verdict(const struct rekey *c, u32 rights, u32 key)
{
	struct oracle_page page = {
		.present = true, .writable = true, .user = c->user, .key = key
	};
	struct oracle_cpu cpu = oracle_cpu_now(rights);

	cpu.pkru = rights;
	cpu.user_mode = c->user;
	return oracle(cpu, page, c->kind);
}

static bool same(struct fault f, struct oracle_verdict v, u64 va)
{
	if (!v.fault)
		return f.vector == FAULT_NONE;
	return f.vector == X86_PF && f.error == v.error && f.addr == va;
}

/* True if value and memory are as they must be after an access that was made, or denied. */
static bool in_effect(const struct rekey *c, bool made, u64 value, u64 word)
{
	if (c->kind == ORACLE_READ)
		return word == OWN_OLD && (!made || value == OWN_OLD);
	return word == (made ? OWN_NEW : OWN_OLD);
}

static void put_entries(const struct rekey *c, u32 key)
{
	const struct own_page *p = c->at.page;

	own_page_reset(p, c->user, key);
	*(volatile pte_t *)p->entry[p->level] |= c->global ? PTE_G : 0;
}

static void try_rekey(struct flush_run *run, const struct rekey *c)
{
	volatile u64 *word = (volatile u64 *)(c->at.page->memory + OWN_DATA);
	u32 open = OF_KEY(c->from, c->rights_from, OF_KEY(c->to, c->rights_to, ALL_OPEN));
	bool drops = c->global ? c->way->drops_global : c->way->drops;
	struct oracle_verdict old = verdict(c, open, c->from), new = verdict(c, open, c->to);
	u64 value = OWN_NEW;
	struct fault f;

	put_entries(c, c->from);
	by_invlpg(&c->at);
	if (!old.fault) /* a write of the register may flush, in an emulator */
		put_rights(c->user, open);
	own_access(c->user, c->kind, c->at.va, &value); /* fills the TLB */
	put_entries(c, c->to);
	c->way->flush(&c->at);
	*word = OWN_OLD;
	value = OWN_NEW;
	if (old.fault)
		put_rights(c->user, open);
	f = own_access(c->user, c->kind, c->at.va, &value);
	put_rights(c->user, ALL_OPEN);
	run->kept += !drops && same(f, old, c->at.va);
	run->gone += !drops && same(f, new, c->at.va);
	RULE_CASE(&run->rule,
		  (same(f, new, c->at.va) || (!drops && same(f, old, c->at.va))) &&
			  in_effect(c, f.vector == FAULT_NONE, value, *word),
		  "%s after %s: %s of a %s%s page at CPL %u, key %u and then %u, rights %08x: "
		  "vector %ld, error %lx, CR2 %lx, read %016lx, memory %016lx",
		  drops ? "the old key must be gone" : "it must be the old or the new key",
		  c->way->name, own_access_name(c->kind), c->global ? "global " : "",
		  own_size_name(c->at.page->level), c->user ? 3 : 0, c->from, c->to, open, f.vector,
		  f.error, f.addr, value, *word);
}

/* Each key once as the old one; the kernel's own, 0, is never denied. */
static void try_keys(struct flush_run *run, struct rekey c)
{
	for (u32 key = 0; key < KEYS; key++) {
		for (u32 i = 0; i < 4; i++) {
			bool old_denied = i & 1;
			u32 rights = i & 2 ? 2 : 1 + 2 * (key & 1);

			c.from = key;
			c.to = (key * 3 + 5) % KEYS;
			c.kind = rights == 2 ? ORACLE_WRITE : i ? ORACLE_READ : ORACLE_WRITE;
			c.rights_from = old_denied ? rights : 0;
			c.rights_to = old_denied ? 0 : rights;
			if ((old_denied ? c.from : c.to) && rule_turn(&run->rule, 11))
				try_rekey(run, &c);
		}
	}
}

static void try_way(struct flush_run *run, const struct way *way)
{
	for (u32 i = 0; i < 2 * OWN_SIZES; i++) {
		const struct own_page *p = &run->space.pages[i / 2];
		struct rekey c = { .at = { &run->space, p, run->pcid ? PCID : 0, p->va + OWN_DATA },
				   .way = way,
				   .user = run->user,
				   .global = i & 1 };

		if (p->level)
			try_keys(run, c);
	}
}

static void try_ways(void *arg)
{
	struct flush_run *run = arg;
	struct rights_saved rights = { 0 };
	struct pke_saved pke = { 0 };

	if (run->user)
		pke = pke_begin();
	else
		rights = rights_begin();
	put_rights(run->user, ALL_OPEN);
	own_enter(&run->space);
	if (run->pcid) { /* CR3's low bits are 0, as they must be here */
		write_cr4(read_cr4() | CR4_PCIDE);
		write_cr3(run->space.us.root | PCID);
	}
	for (u32 i = 0; i < ARRAY_SIZE(ways); i++)
		if (cpu_has(FEATURE_INVPCID) >= ways[i].invpcid && run->pcid >= ways[i].pcid)
			try_way(run, &ways[i]);
	own_leave(&run->space);
	if (run->user)
		pke_end(pke);
	else
		rights_end(rights);
}

static const char *const corners[2][2] = {
	{ "flush_that_may_keep:old_key_obeyed", "flush_that_may_keep:old_user_key_obeyed" },
	{ "flush_that_may_keep:old_key_of_pcid_obeyed",
	  "flush_that_may_keep:old_user_key_of_pcid_obeyed" },
};

/* On the first CPU and on the last one, if there are several. */
static void run_ways(struct flush_run *run)
{
	if (!own_space_create(&run->space))
		return;
	percpu_run_on(cpus[0], try_ways, run);
	if (cpu_count > 1)
		percpu_run_on(cpus[cpu_count - 1], try_ways, run);
	own_space_destroy(&run->space);
	rule_observed(corners[run->pcid][run->user], run->kept, run->gone);
	rule_report(&run->rule);
}

#define SAYS                                                                               \
	"a new key holds after each operation that drops the translation; after one that " \
	"does not, the old key or the new one holds"

static void a_flush_brings_the_new_key(void)
{
	static struct flush_run run;

	run = (struct flush_run){ .rule = RULE(SDM, SAYS) };
	run_ways(&run);
}
KTEST(a_flush_brings_the_new_key, KT_PKS);

static void a_flush_brings_the_new_user_key(void)
{
	static struct flush_run run;

	SKIP_IF(!cpu_has(FEATURE_PKU), NO_PKU);
	run = (struct flush_run){ .rule = RULE(SDM, SAYS), .user = true };
	run_ways(&run);
}
KTEST(a_flush_brings_the_new_user_key, 0);

static void a_flush_of_a_pcid_brings_the_new_key(void)
{
	static struct flush_run run;

	SKIP_IF(!cpu_has(FEATURE_PCID), "this CPU has no PCIDs");
	run = (struct flush_run){ .rule = RULE(SDM, SAYS), .pcid = true };
	run_ways(&run);
}
KTEST(a_flush_of_a_pcid_brings_the_new_key, KT_PKS);

static void a_flush_of_a_pcid_brings_the_new_user_key(void)
{
	static struct flush_run run;

	SKIP_IF(!cpu_has(FEATURE_PCID), "this CPU has no PCIDs");
	SKIP_IF(!cpu_has(FEATURE_PKU), NO_PKU);
	run = (struct flush_run){ .rule = RULE(SDM, SAYS), .user = true, .pcid = true };
	run_ways(&run);
}
KTEST(a_flush_of_a_pcid_brings_the_new_user_key, 0);

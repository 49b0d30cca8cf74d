// SPDX-License-Identifier: MIT
/*
 * The short way of a fault, by real faults. An instruction breakpoint shows which way a fault goes,
 * and raises one event at one place: nothing later repairs what that breaks. What this cannot know:
 * the entry and exit code around it, which all traps share.
 */
#define KTEST_SUITE "short"

#include "kernel/cpu/trace.h"
#include "kernel/lib/atomic.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/harness/nested.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"

/* Set by a test for its CPU; the #DB hook clears it at the first hit. */
static struct {
	u64 at;
	volatile u32 hits; /* an instruction may raise it anywhere */
	bool traced;       /* trace_on before */
	trap_hook_t nmi;   /* comes with the IRET to the breakpoint, if not NULL */
} point;

static bool at_point(struct regs *regs)
{
	write_dr7(DR7_INIT);
	write_dr6(DR6_INIT);
	point.hits += regs->rip == point.at;
	if (point.nmi)
		nmi_at_iret(point.nmi);
	return true;
}

static void point_set(u64 at, trap_hook_t nmi)
{
	point.at = at;
	point.nmi = nmi;
	point.hits = 0;
	write_dr0(at);
	write_dr7(DR7_INIT | DR7_G0);
}

static __attribute__((noinline)) void nothing(void)
{
	barrier();
}

static void points_end(void)
{
	write_dr7(DR7_INIT);
	trap_hook_set(X86_DB, NULL);
	trap_hook_set(X86_NMI, NULL);
	trace_on = point.traced;
}

/* Takes #DB for the breakpoints. False: there are none, and the test is skipped. */
static bool points_begin(void)
{
	if (options.magic)
		ktest_skip("with magic= all faults take the long way");
	if (options.magic || !breakpoints_allowed())
		return false;
	point.traced = trace_on;
	trace_on = false; /* the monitor's, with which faults take the long way too */
	trap_hook_set(X86_DB, at_point);
	point_set((u64)nothing, NULL);
	nothing();
	if (point.hits == 1)
		return true;
	points_end();
	ktest_skip("the machine has no instruction breakpoints");
	return false;
}

static struct prot_page page, other; /* of one key: the first is marked */
static bool long_way;

/* Rights that deny the page's key and permit another. Sets the hint for the page's range of RAM. */
static u32 rights_before(void)
{
	u32 key = virt_to_page((void *)page.va)->pkey;

	return pkrs_with(WITH_KEY(key % 15 + 1), key, PKS_NOACCESS);
}

/* Faults once in the running context, by a read or a write, and checks all that is left of it. */
static void fault_once(bool write)
{
	u64 flags = irq_save();
	u32 before = rights_before(), after = before & ~pkrs_mask(page.page->pkey);
	struct pks_stats stats = pks_stats;

	rights_set(before);
	point_set((u64)page_fault_long, NULL);
	EXPECT_NO_FAULT(write ? policy_write(page.va) : policy_read(page.va), "marked: pardoned");
	write_dr7(DR7_INIT);
	EXPECT_EQ(point.hits, long_way || page.page->pkey >= PKS_KEY_FIRST_DYNAMIC);
	EXPECT_RIGHTS(after);
	EXPECT_NO_FAULT(policy_write(other.va), "the key is open for the rest of the context");
	EXPECT_RIGHTS(after);
	EXPECT_EQ(pks_stats.faults - stats.faults, 1);
	EXPECT_EQ(pks_stats.pardons - stats.pardons, 1);
	EXPECT_EQ(pks_stats.warnings, stats.warnings);
	EXPECT_EQ(pks_stats.deaths, stats.deaths);
	rights_set(PKRS_INIT);
	irq_restore(flags);
}

static void fault_both(void *arg)
{
	(void)arg;
	fault_once(false);
	fault_once(true);
}

/* In every kind of context, on either way. */
static void fault_everywhere(void)
{
	fault_both(NULL);
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++)
		run_in(c, fault_both, NULL);
	EXPECT_RIGHTS(PKRS_INIT);
}

/* Gets the pages under `key`, one of them marked, both call sites known. */
static bool pages_get(u32 key)
{
	if (!prot_pair_get(&page, &other, key))
		return false;
	kmap(page.page);
	policy_set(PKS_MODE_RELAXED, PKS_GATE_KMAPPED);
	rights_set(rights_before());
	EXPECT_NO_FAULT(policy_read(page.va), "pardoned, with a warning");
	rights_set(rights_before());
	EXPECT_NO_FAULT(policy_write(page.va), "pardoned, with a warning");
	rights_set(PKRS_INIT);
	return true;
}

static void pages_put(void)
{
	kunmap(page.page);
	prot_pair_put(&page, &other);
}

static void check_key(u32 key)
{
	if (!pages_get(key))
		return;
	for (u32 i = 0; i < 4; i++) {
		long_way = i & 1;
		trace_on = long_way;
		policy_mode_set(i & 2 ? PKS_MODE_SILENT : PKS_MODE_RELAXED);
		fault_everywhere();
	}
	trace_on = false;
	pages_put();
}

static void real_faults_take_the_short_way(void)
{
	if (!points_begin())
		return;
	check_key(PKS_KEY_DEVMAP);
	check_key(PKS_KEY_RO);
	for (u32 n = PKS_KEY_FIRST_DYNAMIC; n < PKS_KEYS; n++) {
		int key = pks_key_alloc("short");

		if (!EXPECT(key > 0))
			break;
		check_key((u32)key);
		EXPECT_EQ(key, n); /* not freed yet, so that the next is another one */
	}
	for (u32 n = PKS_KEY_FIRST_DYNAMIC; n < PKS_KEYS; n++)
		EXPECT_EQ(pks_key_free(n), 0);
	points_end();
}
KTEST(real_faults_take_the_short_way, KT_PKS | KT_ONE_CPU);

/* The instructions of the short way, as a made-up fault passes them. */
static struct {
	u64 rip[128];
	u32 count;
} way;

static bool note_rip(struct regs *regs)
{
	if (regs->rip - (u64)page_fault < 512 && way.count < ARRAY_SIZE(way.rip))
		way.rip[way.count++] = regs->rip;
	return true;
}

static void pass(void *arg)
{
	struct regs *frame = arg;

	page_fault(frame, (u64)page.va);
}

/* In an exception, where the page fault's handler runs as well. */
static void note_way(struct regs *outer)
{
	struct regs frame = { .vector = X86_PF, .error = PF_P | PF_PK, .cs = SEL_KERNEL_CS };

	(void)outer;
	rights_before(); /* for the hint */
	regs_set_pkrs(&frame, PKRS_INIT);
	way.count = 0;
	single_step(pass, &frame, note_rip);
	trap_hook_set(X86_DB, at_point);
	EXPECT_EQ(regs_pkrs(&frame), PKRS_INIT & ~pkrs_mask(PKS_KEY_DEVMAP));
	EXPECT(way.count > 20 && way.count < ARRAY_SIZE(way.rip));
}

static volatile u32 nmis;
static struct prot_page foreign; /* marked, of another key */

/* A fault of the NMI's own goes the same way, with another address in CR2 and another key. */
static bool be_pardoned(struct regs *regs)
{
	(void)regs;
	nmis++;
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_NO_FAULT(policy_write(foreign.va), "marked: pardoned");
	EXPECT_RIGHTS(PKRS_INIT & ~pkrs_mask(PKS_KEY_RO));
	return true;
}

static bool map_and_probe(struct regs *regs)
{
	volatile u64 *at = kmap_local_page(other.page);
	u64 value;

	(void)regs;
	nmis++;
	*at = 1;
	kunmap_local((const void *)at);
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_PAGE_FAULT(probe_read((void *)NOWHERE, &value), 0, NOWHERE, "P = 0");
	return true;
}

/* What another CPU may do meanwhile: the fault is judged by one state or by the other. */
static bool unmark(struct regs *regs)
{
	(void)regs;
	nmis++;
	kunmap(page.page);
	return true;
}

static bool turn_strict(struct regs *regs)
{
	(void)regs;
	nmis++;
	WRITE_ONCE(options.policy.mode, PKS_MODE_STRICT);
	return true;
}

/* Faults with `hook` in an NMI at `rip`; `may_die`: it takes away what the pardon needs. */
static void fault_at(u64 rip, trap_hook_t hook, bool may_die)
{
	u64 flags = irq_save();
	u32 before = rights_before(), after = before & ~pkrs_mask(PKS_KEY_DEVMAP);
	struct pks_stats stats = pks_stats;
	struct fault f;

	nmis = 0;
	rights_set(before);
	point_set(rip, hook);
	f = policy_write(page.va);
	write_dr7(DR7_INIT);
	EXPECT_EQ(point.hits, 1);
	EXPECT_EQ(nmis, 1);
	if (may_die && f.vector != FAULT_NONE)
		EXPECT_PAGE_FAULT(f, PF_P | PF_W | PF_PK, page.va, "not pardoned any more");
	else
		EXPECT_NO_FAULT(f, "marked: pardoned");
	EXPECT_RIGHTS(f.vector == FAULT_NONE ? after : before);
	EXPECT_EQ(pks_stats.faults - stats.faults, hook == be_pardoned ? 2 : 1);
	EXPECT_EQ(pks_stats.pardons - stats.pardons + (pks_stats.deaths - stats.deaths),
		  pks_stats.faults - stats.faults);
	rights_set(PKRS_INIT);
	irq_restore(flags);
}

/* One NMI at one instruction, and no other event, for each in turn. */
static void an_nmi_may_come_anywhere_in_the_short_way(void)
{
	trap_hook_t bp;

	if (!points_begin() || !pages_get(PKS_KEY_DEVMAP) || !marked_page(&foreign, PKS_KEY_RO))
		return;
	policy_mode_set(PKS_MODE_SILENT);
	bp = nested_begin();
	inside(note_way);
	nested_end(bp);
	for (u32 i = 0; i < way.count; i++) {
		prot_page_poke(&page, 0);
		fault_at(way.rip[i], be_pardoned, false);
		EXPECT_EQ(prot_page_peek(&page), 1);
		fault_at(way.rip[i], map_and_probe, false);
		fault_at(way.rip[i], unmark, true);
		kmap(page.page);
		fault_at(way.rip[i], turn_strict, true);
		WRITE_ONCE(options.policy.mode, PKS_MODE_SILENT);
	}
	marked_page_put(&foreign);
	pages_put();
	points_end();
}
KTEST(an_nmi_may_come_anywhere_in_the_short_way, KT_PKS | KT_ONE_CPU);

#define FAULTS 500 /* of each CPU */

static void fault_often(u32 member, void *arg)
{
	u32 key = page.page->pkey;

	(void)arg;
	percpu_meet();
	for (u32 i = 0; i < FAULTS; i++) {
		rights_set(WITH_KEY(3 + member % 12));
		EXPECT_NO_FAULT(policy_write(page.va), "marked: pardoned");
		EXPECT_RIGHTS(WITH_KEY(3 + member % 12) & ~pkrs_mask(key));
	}
}

static void simultaneous_faults_are_all_counted(void)
{
	struct pks_stats before;

	if (!pages_get(PKS_KEY_DEVMAP))
		return;
	before = pks_stats;
	REQUIRE(percpu_run(fault_often, NULL));
	EXPECT_EQ(pks_stats.faults - before.faults, cpu_count * FAULTS);
	EXPECT_EQ(pks_stats.pardons - before.pardons, cpu_count * FAULTS);
	EXPECT_EQ(pks_stats.warnings, before.warnings);
	pages_put();
}
KTEST(simultaneous_faults_are_all_counted, KT_PKS);

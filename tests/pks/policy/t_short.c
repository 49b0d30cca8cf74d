// SPDX-License-Identifier: MIT
/*
 * The short way of a fault, by made-up faults: which it takes, and that it decides as the long way
 * does. What this cannot know: that a real fault comes here; t_short_fault.c tests that.
 */
#define KTEST_SUITE "short"

#include "kernel/cpu/trace.h"
#include "kernel/lib/string.h"
#include "mm/kmap/kmap.h"
#include "pks/policy/short.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

#define OTHERS 0x5a5a5a5a /* rights to the keys beside the one that faults */

/* One state of all that decides on a fault, but for the policy. */
struct state {
	enum pks_marks marks; /* where the page's mark is counted */
	bool marked, known;   /* the page; its call site, by a warning */
	u32 key, rights;      /* the page's key, and the context's two bits for it */
	u64 error;
};

static struct prot_page page;
static u64 known_site, new_site;
static bool traced;                 /* before the test: trace_on, */
static u32 magic;                   /* and options.magic, */
static enum pks_marks marks_before; /* and options.marks */

static struct regs frame_of(const struct state *s)
{
	struct regs regs = {
		.vector = X86_PF,
		.error = s->error,
		.rip = s->known ? known_site : new_site,
		.cs = SEL_KERNEL_CS,
		.rflags = RFLAGS_FIXED,
		.rsp = 0x1234,
	};

	regs_set_pkrs(&regs, pkrs_with(OTHERS, s->key, s->rights));
	return regs;
}

/* The definition of the ordinary fault, without the kernel's tables. */
static bool is_ordinary(struct pks_policy policy, const struct state *s)
{
	bool write = s->error == (PF_P | PF_W | PF_PK);
	bool denied = s->rights & 1 || (write && s->rights & 2);

	if (!write && s->error != (PF_P | PF_PK))
		return false;
	return denied && s->key < PKS_KEY_FIRST_DYNAMIC && s->marked &&
	       s->marks == PKS_MARKS_PAGE && policy.scope == PKS_SCOPE_CONTEXT &&
	       (policy.mode == PKS_MODE_SILENT || (policy.mode == PKS_MODE_RELAXED && s->known));
}

static bool same_stats(struct pks_stats before, u64 faults, u64 pardons)
{
	before.faults += faults;
	before.pardons += pardons;
	return !memcmp(&before, &pks_stats, sizeof(before));
}

/* The way answers `pardons`, leaves only these rights behind, counts one pardon or nothing. */
static bool does(bool (*way)(struct regs *, u64), const struct regs *frame, u64 addr, u32 rights,
		 bool pardons)
{
	u32 before = (u32)regs_pkrs(frame);
	struct pks_stats stats = pks_stats;
	struct regs regs = *frame;

	if (way(&regs, addr) != pardons || regs_pkrs(&regs) != rights ||
	    !same_stats(stats, pardons, pardons))
		return false;
	regs_set_pkrs(&regs, before);
	return !memcmp(&regs, frame, sizeof(regs));
}

static bool is_left(struct regs frame, u64 addr)
{
	return does(pks_fault_short, &frame, addr, (u32)regs_pkrs(&frame), false);
}

/* Both ways open the whole key and no other. */
static bool is_pardoned_by_both(const struct regs *frame, u64 addr, u32 key)
{
	u32 open = (u32)regs_pkrs(frame) & ~(3u << 2 * key);
	u64 flags = irq_save();
	bool alike = virt_to_page((void *)page.va) && /* sets the hint, which any context changes */
		     does(pks_fault_short, frame, addr, open, true) &&
		     does(pks_fault, frame, addr, open, true);

	irq_restore(flags);
	return alike;
}

static void check(const struct state *s)
{
	struct pks_policy policy = pks_policy_get();
	u64 addr = (u64)page.va + (s->key & 1 ? PAGE_SIZE - 1 : 0);
	struct regs frame = frame_of(s);
	bool ordinary = is_ordinary(policy, s);

	page.page->pkey = (u8)s->key;
	ktest_checked();
	if (ordinary ? !is_pardoned_by_both(&frame, addr, s->key) : !is_left(frame, addr))
		ktest_fail(__FILE__, __LINE__,
			   "expected the short way to %s: mode %u, gate %u, scope %u, marks %u, "
			   "marked %u, known %u, key %u, rights %u, error %lx",
			   ordinary ? "pardon as the long way does" : "leave this alone",
			   policy.mode, policy.gate, policy.scope, s->marks, s->marked, s->known,
			   s->key, s->rights, s->error);
	page.page->pkey = PKS_KEY_DEVMAP;
}

/* Every key with every rights to it, read and written, from both call sites. */
static void check_accesses(struct state s)
{
	for (u32 i = 0; i < PKS_KEYS * 4 * 4; i++) {
		s.key = i / 16;
		s.rights = i / 4 % 4;
		s.known = i & 2;
		s.error = PF_P | PF_PK | (i & 1 ? PF_W : 0);
		check(&s);
	}
}

static void check_states(void)
{
	for (enum pks_marks marks = 0; marks < PKS_MARKS; marks++) {
		pks_marks_set(marks);
		check_accesses((struct state){ .marks = marks });
		kmap(page.page);
		check_accesses((struct state){ .marks = marks, .marked = true });
		kunmap(page.page);
	}
}

static bool begin(void)
{
	if (!prot_page_get(&page, PKS_KEY_DEVMAP))
		return false;
	traced = trace_on;
	magic = options.magic;
	marks_before = options.marks;
	trace_on = false; /* or all faults go the long way */
	options.magic = 0;
	known_site = (u64)frame_of;
	new_site = (u64)check;
	pks_warnings_forget(); /* another site may have the slot of the known one's hash */
	warn_site(&pks_warn_sites, known_site);
	return true;
}

static void end(void)
{
	trace_on = traced;
	options.magic = magic;
	pks_marks_set(marks_before);
	prot_page_put(&page);
	pks_warnings_forget(); /* the made-up site */
}

static void both_ways_decide_alike(void)
{
	if (!begin())
		return;
	for (u32 i = 0; i < PKS_MODES * PKS_GATES * PKS_SCOPES; i++) {
		struct pks_policy policy = { .mode = i % PKS_MODES,
					     .gate = i / PKS_MODES % PKS_GATES,
					     .scope = i / PKS_MODES / PKS_GATES };

		EXPECT_EQ(pks_policy_set(policy), 0);
		check_states();
	}
	end();
}
KTEST(both_ways_decide_alike, KT_PKS | KT_ONE_CPU);

static struct state ordinary(void)
{
	return (struct state){ PKS_MARKS_PAGE, true, true, PKS_KEY_DEVMAP, 3, PF_P | PF_PK };
}

/* The short way takes the ordinary fault now, so that what is left alone is left for its reason. */
static void expect_taken(void)
{
	struct state s = ordinary();
	struct regs frame = frame_of(&s);

	EXPECT(is_pardoned_by_both(&frame, (u64)page.va, s.key));
}

static void expect_left(struct regs frame, u64 addr)
{
	ktest_checked();
	if (!is_left(frame, addr))
		ktest_fail(__FILE__, __LINE__,
			   "expected the short way to leave alone: error %lx, address %016lx",
			   frame.error, addr);
}

/* All error codes of seven bits and some of more; only two are ordinary. */
static void leave_error_codes(void)
{
	for (u32 error = 0; error < 512; error++) {
		struct state s = ordinary();

		s.error = error | (error & 256 ? 1ULL << 40 : 0);
		if (error != (PF_P | PF_PK) && error != (PF_P | PF_W | PF_PK))
			expect_left(frame_of(&s), (u64)page.va);
	}
}

/* Other mappings of the page, addresses beside RAM, and what the policy does not know. */
static void leave_addresses(void)
{
	struct state s = ordinary();
	u64 last = page_ranges.r[page_ranges.count - 1].end;
	const u64 addrs[] = { 0,
			      USER_TEXT,
			      NOWHERE,
			      DIRECT_BASE - 1,
			      DIRECT_BASE + VGA_START,
			      DIRECT_BASE + last,
			      DIRECT_BASE + DIRECT_SIZE,
			      (u64)page.page,
			      KERNEL_BASE + virt_to_phys((void *)page.va),
			      (u64)page.va ^ 1ULL << 63,
			      virt_to_phys((void *)page.va),
			      ~0ULL };

	for (u32 i = 0; i < ARRAY_SIZE(addrs); i++)
		expect_left(frame_of(&s), addrs[i]);
}

static void leave_probes(void)
{
	extern const char probe_start[], probe_size[];
	struct state s = ordinary();
	struct regs frame = frame_of(&s);

	frame.rip = (u64)probe_start;
	for (u64 i = 0; i < (u64)probe_size; i++, frame.rip++)
		expect_left(frame, (u64)page.va);
}

/* A policy that does not exist; the trace and magic points, which are on the long way. */
static void leave_settings(void)
{
	static const u32 unknown[] = { PKS_MODES, PKS_MODES + 1, 0x80000000, ~0u };
	struct pks_policy policy = options.policy;
	struct state s = ordinary();

	for (u32 i = 0; i < ARRAY_SIZE(unknown); i++) {
		options.policy.mode = (enum pks_mode)unknown[i];
		expect_left(frame_of(&s), (u64)page.va);
		options.policy.mode = policy.mode;
		options.policy.scope = (enum pks_scope)unknown[i];
		expect_left(frame_of(&s), (u64)page.va);
		options.policy = policy;
	}
	trace_on = true;
	expect_left(frame_of(&s), (u64)page.va);
	trace_on = false;
	options.magic = MAGIC_LONG;
	expect_left(frame_of(&s), (u64)page.va);
	options.magic = 0;
}

/* A call site that was warned about, but whose slot another one has: the long way finds it. */
static void leave_displaced_site(void)
{
	u64 site = known_site + 1;
	struct state s = ordinary();
	struct regs frame = frame_of(&s);
	u64 warnings = pks_stats.warnings;

	policy_set(PKS_MODE_RELAXED, PKS_GATE_KMAPPED);
	while (warn_site_hash(site) != warn_site_hash(known_site))
		site++;
	warn_site(&pks_warn_sites, site);
	frame.rip = site;
	expect_left(frame, (u64)page.va);
	EXPECT(pks_fault(&frame, (u64)page.va));
	EXPECT_EQ(pks_stats.warnings, warnings);
}

/* The hint names the range of the last lookup; the long way finds a page of another. */
static void leave_other_ranges(void)
{
	u64 phys = virt_to_phys((void *)page.va);
	struct state s = ordinary();

	for (u32 i = 0; i < page_ranges.count; i++) {
		page_hint = i;
		if (phys < page_ranges.r[i].start || phys >= page_ranges.r[i].end)
			expect_left(frame_of(&s), (u64)page.va);
	}
	page_hint = 0;
	EXPECT_EQ(phys_to_page(phys), page.page); /* sets the hint, as the long way does */
}

static void the_short_way_leaves_all_else_alone(void)
{
	static void (*const leave[])(void) = { leave_error_codes,    leave_addresses,
					       leave_probes,         leave_settings,
					       leave_displaced_site, leave_other_ranges };

	if (!begin())
		return;
	pks_marks_set(PKS_MARKS_PAGE);
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED); /* asks for no known call site */
	kmap(page.page);
	for (u32 i = 0; i < ARRAY_SIZE(leave); i++) {
		expect_taken();
		leave[i]();
	}
	expect_taken();
	kunmap(page.page);
	end();
}
KTEST(the_short_way_leaves_all_else_alone, KT_PKS | KT_ONE_CPU);

/* As the return needs it, whatever the interrupted context's flag. */
static void both_ways_end_with_interrupts_off(void)
{
	struct state s = ordinary();

	if (!begin())
		return;
	policy_set(PKS_MODE_RELAXED, PKS_GATE_KMAPPED);
	kmap(page.page);
	for (u32 i = 0; i < 4; i++) {
		struct regs frame = frame_of(&s);
		u64 flags = irq_save();

		trace_on = i & 1;
		frame.rflags |= i & 2 ? RFLAGS_IF : 0;
		page_fault(&frame, (u64)page.va);
		EXPECT(!irqs_enabled());
		EXPECT_EQ(regs_pkrs(&frame), OTHERS & ~pkrs_mask(PKS_KEY_DEVMAP));
		irq_restore(flags);
	}
	kunmap(page.page);
	end();
}
KTEST(both_ways_end_with_interrupts_off, KT_PKS | KT_ONE_CPU);

/* SPDX-License-Identifier: MIT */
/*
 * What the handler of protection-key faults (pks/policy/fault.c) gathers for the judge, and what it
 * does with each judgement: under every policy, with every key, its rights and the error code. The
 * CPU's parts (the running thread, interrupts, the TLB) are stubs here.
 */
#include "tests/host/harness.h"

#include "tests/host/judge_world.h"

#include "kernel/cpu/context.h"
#include "kernel/cpu/patch.h"
#include "kernel/thread.h"
#include "tests/host/console_stub.h"

static struct thread host_thread = { .name = "host" };
static struct cpu host_cpu;
static struct local host_local;

#define this_cpu()         (&host_cpu)
#define this_local()       (&host_local)
#define current_thread()   (&host_thread)
#define context_name()     "thread"
#define irq_save()         0
#define irq_restore(flags) ((void)(flags))
#undef PATCH_SITE
#define PATCH_SITE(point)
#include "pks/policy/fault.c"

/* The kernel's functions that the handler calls: what they were asked for. */
static struct {
	u32 steps, lends, key;
	bool step_fails;
} asked;
static u32 changed;

bool pks_step(struct regs *regs, u32 key)
{
	(void)regs;
	asked.steps++;
	asked.key = key;
	return !asked.step_fails;
}

void pks_global_lend(struct regs *regs, u32 key)
{
	(void)regs;
	asked.lends++;
	asked.key = key;
}

u32 pks_changes(void)
{
	return changed;
}

void pks_changed(void)
{
	changed++;
}

void ipi_run_on_all(void (*fn)(void *arg), void *arg)
{
	(void)fn, (void)arg;
}

void pks_global_recall(void)
{
}

void pkrs_enforce(bool on)
{
	(void)on;
}

const char *pks_key_owner(u32 key)
{
	(void)key;
	return "test";
}

bool trace_on;
void trace_record(enum trace_type type, u64 a, u64 b)
{
	(void)type, (void)a, (void)b;
}

#define OLD_NOTE 0x8010 /* of keys 4 and 15 */

/* One fault, the second of its kind if it could be outdated, and what must come of it. */
struct fault_case {
	u32 key, bits; /* its rights in the frame; the other keys' are the opposite */
	bool write, step_fails;
};

static u32 rights_of(const struct fault_case *c, u32 bits)
{
	u32 pkrs = 0;

	for (u32 i = 0; i < 16; i++)
		pkrs |= (i == c->key ? bits : ~c->bits & 3) << 2 * i;
	return pkrs;
}

/* The reach of a pardon, by the page's state; -: none. */
static char wanted_reach(const struct world *w)
{
	const struct pks_policy *p = &options.policy;
	bool device = p->gate == PKS_GATE_ANY && w->devmap;

	if (p->mode == PKS_MODE_OFF || p->mode == PKS_MODE_STRICT)
		return '-';
	if (p->scope == PKS_SCOPE_GLOBAL)
		return w->key_marks[w->page_key] ? 'g' : device ? 'c' : '-';
	if (!w->marks && !device)
		return '-';
	return p->scope == PKS_SCOPE_CONTEXT ? 'c' : 'i';
}

/* A fault older than a change of mode or key is repeated once for that change, uncounted. */
static void expect_one_repetition(struct regs *regs, u64 addr)
{
	struct pks_stats before = pks_stats;
	struct regs as_it_was = *regs;

	pks_changed();
	assert_true(pks_fault(regs, addr));
	assert_memory_equal(regs, &as_it_was, sizeof(as_it_was));
	assert_memory_equal(&pks_stats, &before, sizeof(before));
}

static void check_fault(const struct fault_case *c, const struct world *w)
{
	struct regs regs = { .pkrs = rights_of(c, c->bits), .rip = 0xffffffff80001234 };
	bool permitted = !(c->bits & 1) && !(c->write && c->bits & 2);
	char reach = permitted ? '-' : wanted_reach(w);
	bool wide = reach == 'c' || (reach == 'i' && c->step_fails);
	struct pks_stats before;
	struct regs after;
	bool survives;

	regs.error = 0x21 | (c->write ? 2 : 0);
	asked = (typeof(asked)){ .step_fails = c->step_fails };
	host_local.pardoned = OLD_NOTE;
	if (permitted || options.policy.mode == PKS_MODE_OFF)
		expect_one_repetition(&regs, world_address(w));
	after = regs;
	if (wide)
		after.pkrs = rights_of(c, 0);
	before = pks_stats;
	survives = pks_fault(&regs, world_address(w));
	if (survives != (reach != '-') || regs.pkrs != after.pkrs)
		fail_msg("mode %d gate %d scope %d key %u bits %u write %d: expected reach %c, "
			 "rights %08x; seen %s, %08x",
			 options.policy.mode, options.policy.gate, options.policy.scope, c->key,
			 c->bits, c->write, reach, (u32)after.pkrs, survives ? "life" : "death",
			 (u32)regs.pkrs);
	assert_memory_equal(&regs, &after, sizeof(regs));
	assert_int_equal(pks_stats.faults - before.faults, 1);
	assert_int_equal(pks_stats.deaths - before.deaths, reach == '-');
	assert_int_equal(pks_stats.pardons - before.pardons, reach != '-');
	assert_int_equal(pks_stats.steps - before.steps, reach == 'i' && !c->step_fails);
	assert_int_equal(pks_stats.steps_wide - before.steps_wide, reach == 'i' && c->step_fails);
	assert_int_equal(pks_stats.global_lent - before.global_lent, reach == 'g');
	assert_int_equal(asked.steps, reach == 'i');
	assert_int_equal(asked.lends, reach == 'g');
	/* what outlives the instruction is noted, if the key can get another owner */
	assert_int_equal(host_local.pardoned,
			 OLD_NOTE | (wide && c->key >= PKS_KEY_FIRST_DYNAMIC ? 1u << c->key : 0));
	if (reach == 'i' || reach == 'g')
		assert_int_equal(asked.key, c->key);
}

static void each_case(struct world *w, unsigned policy)
{
	options.policy = (struct pks_policy){ (enum pks_mode)(policy / PKS_GATES / PKS_SCOPES),
					      (enum pks_gate)(policy / PKS_SCOPES % PKS_GATES),
					      (enum pks_scope)(policy % PKS_SCOPES) };
	for (u32 n = 0; n < 16 * 4 * 2 * 2 * 8; n++) {
		struct fault_case c = { .key = n & 15,
					.bits = n >> 4 & 3,
					.write = n >> 6 & 1,
					.step_fails = n >> 7 & 1 };

		w->page_key = w->tables_key = (u8)c.key;
		w->marks = n >> 8 & 1;
		w->devmap = n >> 9 & 1;
		for (u32 i = 0; i < 16; i++)
			w->key_marks[i] = (i == c.key) == (n >> 10 & 1);
		world_set(w);
		check_fault(&c, w);
	}
}

static void each_fault_gets_what_the_policy_says(void **state)
{
	struct world w = { .place = IN_DIRECT_MAP };

	(void)state;
	for (unsigned policy = 0; policy < PKS_MODES * PKS_GATES * PKS_SCOPES; policy++)
		each_case(&w, policy);
}

/* RELAXED warns once for each call site, SILENT never; the warning names the key and the frame. */
static void only_relaxed_warns(void **state)
{
	struct world w = { .place = IN_DIRECT_MAP, .page_key = 13, .tables_key = 13, .marks = 1 };
	struct regs regs = { .error = 0x23, .rip = 0xffffffff80004321 };

	(void)state;
	world_set(&w);
	for (unsigned mode = PKS_MODE_OFF; mode < PKS_MODES; mode++) {
		u64 before = pks_stats.warnings;

		options.policy = (struct pks_policy){ .mode = (enum pks_mode)mode };
		pks_warnings_forget();
		pr_last[0] = '\0';
		for (u32 i = 0; i < 3; i++) {
			regs.pkrs = 0xfffffffc;
			pks_fault(&regs, world_address(&w));
		}
		assert_int_equal(pks_stats.warnings - before, mode == PKS_MODE_RELAXED);
		if (mode == PKS_MODE_RELAXED)
			assert_non_null(strstr(pr_last, "key 13 (test)"));
		else
			assert_string_equal(pr_last, "");
	}
}

/* The repetition belongs to one change, page and CPU: for another of each there is a new one. */
static void each_change_page_and_cpu_has_its_repetition(void **state)
{
	struct world w = { .place = NOT_PRESENT }; /* key 0, which permits: the fault is outdated */
	struct regs regs = { .pkrs = 0xfffffffc, .error = 0x21 };
	u64 addr = world_address(&w);

	(void)state;
	options.policy = (struct pks_policy){ .mode = PKS_MODE_SILENT };
	world_set(&w);
	expect_one_repetition(&regs, addr);
	assert_false(pks_fault(&regs, addr));
	assert_false(pks_fault(&regs, addr)); /* nor a third time */
	host_cpu.id = 1;
	assert_true(pks_fault(&regs, addr));
	assert_false(pks_fault(&regs, addr));
	host_cpu.id = 0;
	host_thread.pks_repeated_page++; /* it repeated another page meanwhile */
	assert_true(pks_fault(&regs, addr));
	assert_false(pks_fault(&regs, addr));
	expect_one_repetition(&regs, addr);
	assert_false(pks_fault(&regs, addr));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_gets_what_the_policy_says),
		cmocka_unit_test(only_relaxed_warns),
		cmocka_unit_test(each_change_page_and_cpu_has_its_repetition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

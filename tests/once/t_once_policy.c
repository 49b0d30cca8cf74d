// SPDX-License-Identifier: MIT
/*
 * One event while the policy changes: modes, scopes and gates. What this cannot
 * know: a fault on one CPU while another changes the policy; policy.live has that.
 */
#define KTEST_SUITE "once"

#include "kernel/cpu/insn.h"
#include "mm/kmap/kmap.h"
#include "mm/tlb.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "pks/policy/global.h"
#include "tests/once/once.h"

/* RELAXED decides as SILENT, and prints. Which changes there are: CR4.PKS, scope, loans, gate. */
#define OFF                                                       \
	{                                                         \
		PKS_MODE_OFF, PKS_GATE_KMAPPED, PKS_SCOPE_CONTEXT \
	}
#define STRICT                                                       \
	{                                                            \
		PKS_MODE_STRICT, PKS_GATE_KMAPPED, PKS_SCOPE_CONTEXT \
	}
#define SILENT                                                       \
	{                                                            \
		PKS_MODE_SILENT, PKS_GATE_KMAPPED, PKS_SCOPE_CONTEXT \
	}
#define STEPPED                                                      \
	{                                                            \
		PKS_MODE_SILENT, PKS_GATE_ANY, PKS_SCOPE_INSTRUCTION \
	}
#define GLOBAL                                                      \
	{                                                           \
		PKS_MODE_SILENT, PKS_GATE_KMAPPED, PKS_SCOPE_GLOBAL \
	}
#define GLOBAL_STRICT                                               \
	{                                                           \
		PKS_MODE_STRICT, PKS_GATE_KMAPPED, PKS_SCOPE_GLOBAL \
	}

static const struct {
	const char *name;
	struct pks_policy from, to;
} changes[] = {
	{ "from off to strict", OFF, STRICT },
	{ "from off to silent", OFF, SILENT },
	{ "from strict to off", STRICT, OFF },
	{ "from silent to off", SILENT, OFF },
	{ "from strict to silent", STRICT, SILENT },
	{ "from silent to strict", SILENT, STRICT },
	{ "from context to instruction", SILENT, STEPPED },
	{ "from instruction to context", STEPPED, SILENT },
	{ "from context to global", SILENT, GLOBAL },
	{ "from global to context", GLOBAL, SILENT },
	{ "from global to instruction", GLOBAL, STEPPED },
	{ "from global to off", GLOBAL, OFF },
	{ "from off to global", OFF, GLOBAL },
	{ "from global to global and strict", GLOBAL, GLOBAL_STRICT },
	{ "from global and strict to global", GLOBAL_STRICT, GLOBAL },
};

static struct {
	struct pks_policy from, to;
	u32 changes, deaths;
} change;

static bool refuses(struct pks_policy policy)
{
	return policy.mode == PKS_MODE_STRICT;
}

/*
 * INVLPG first: QEMU keeps its translations over a change of CR4.PKS (machines/qemu), which
 * policy.leaving_mode_off_denies_at_once judges.
 */
static u64 write_to(const struct prot_page *p)
{
	tlb_flush_page((u64)p->va);
	return policy_write(p->va).vector;
}

/* Whether a page that nobody has marked can be accessed, while another one of its key is marked. */
static bool refuses_unmarked(struct pks_policy policy)
{
	return refuses(policy) || (policy.mode == PKS_MODE_SILENT && policy.gate != PKS_GATE_ANY &&
				   policy.scope != PKS_SCOPE_GLOBAL);
}

static void lend_here(void *arg)
{
	struct regs regs = { 0 };

	(void)arg;
	regs_set_pkrs(&regs, (u32)this_cpu()->pkrs);
	pks_global_lend(&regs, PKS_KEY_DEVMAP);
}

static void begin_change(void)
{
	pks_policy_set(change.from);
	rights_set(PKRS_INIT);
	once_on_others(lend_here, NULL); /* does nothing but with scope GLOBAL */
	if (change.from.scope == PKS_SCOPE_GLOBAL)
		policy_write(once_marked.va);
	change.changes = pks_changes();
	change.deaths = (u32)pks_stats.deaths;
}

static void run_change(void)
{
	pks_policy_set(change.to);
}

/*
 * An access that both policies decide alike is decided so in between. And a fault that is judged by
 * the new mode must find that the mode has changed: it may be older.
 */
static void event_change(u32 turn)
{
	bool from = refuses(change.from), to = refuses(change.to);
	u64 vector;

	if (options.policy.mode != change.from.mode)
		ONCE_EQ(pks_changes() - change.changes, 1, "where a new mode is seen, it counts");
	if (turn % 3) {
		once_meddle(turn / 3);
		return;
	}
	vector = write_to(&once_marked);
	if (from == to)
		ONCE_EQ(vector, from ? X86_PF : FAULT_NONE,
			"what both policies decide alike holds while they change");
}

static void read_cr4_here(void *arg)
{
	*(u64 *)arg += pkrs_enforced();
}

static void end_change(void)
{
	u64 on = pkrs_enforced();

	ONCE_EQ(options.policy.mode, change.to.mode, "the new mode is in force");
	ONCE_EQ(options.policy.gate, change.to.gate, "the new gate is in force");
	ONCE_EQ(options.policy.scope, change.to.scope, "the new scope is in force");
	once_on_others(read_cr4_here, &on);
	ONCE_EQ(on, change.to.mode == PKS_MODE_OFF ? 0 : cpu_count,
		"CR4.PKS is 0 on every CPU in mode OFF, else 1");
	ONCE_EQ(pks_changes() - change.changes, change.from.mode != change.to.mode,
		"a new mode counts as one change");
	if (change.from.scope == PKS_SCOPE_GLOBAL && change.to.scope != PKS_SCOPE_GLOBAL)
		ONCE_RIGHTS(PKRS_INIT, "what the old policy has lent is recalled here");
	if (change.from.scope == PKS_SCOPE_GLOBAL)
		once_expect_no_loan_elsewhere("what the old policy has lent is recalled");
	ONCE_EQ(write_to(&once_marked), refuses(change.to) ? X86_PF : FAULT_NONE,
		"the new policy decides about a marked page");
	rights_set(PKRS_INIT);
	ONCE_EQ(write_to(&once_other), refuses_unmarked(change.to) ? X86_PF : FAULT_NONE,
		"the new policy decides about a page that is not marked");
	rights_set(PKRS_INIT);
}

static void policy_changes_survive_one_event(void)
{
	struct pks_policy before = pks_policy_get();

	if (!once_pages_get())
		return;
	for (u32 i = 0; i < ARRAY_SIZE(changes); i++) {
		struct once once = { changes[i].name, ONCE_ALL,   true,         1,
				     begin_change,    run_change, event_change, end_change };

		change.from = changes[i].from;
		change.to = changes[i].to;
		once_on_first_and_last(&once, 40);
	}
	pks_policy_set(before);
	once_pages_put();
}
KTEST(policy_changes_survive_one_event, KT_PKS);

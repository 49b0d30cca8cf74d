// SPDX-License-Identifier: MIT
/*
 * Both orders of every pair of steps of lend, recall, scope and mode changes, marks and grants, and
 * a fifth of those of three on one CPU: after each step the state is compared with a model. What
 * this cannot know: steps of two CPUs at once.
 */
#define KTEST_SUITE "once"

#include "kernel/console/console.h"
#include "kernel/cpu/insn.h"
#include "pks/policy/fault.h"
#include "pks/policy/global.h"
#include "pks/rights.h"
#include "tests/harness/percpu_run.h"
#include "tests/once/once.h"

/* The model, and what it is compared with: X and Y are keys that are lent, Z one that is granted.
 */
static struct {
	u32 x, y, z;
	u32 own;        /* the thread's rights: the mirror */
	u32 reg;        /* IA32_PKRS */
	u32 lent;       /* bits that a later loan opens as well */
	int marks[2];   /* of X and Y */
	bool elsewhere; /* X is lent on the other CPUs */
	enum pks_mode mode;
	enum pks_scope scope;
	u64 ticks;
} m;

static void model_recall(void)
{
	if (m.lent)
		m.reg = m.own;
	m.lent = 0;
}

static void model_recall_all(void)
{
	model_recall();
	m.elsewhere = false;
}

static void model_lend(u32 key, int marks)
{
	if (m.scope != PKS_SCOPE_GLOBAL || m.mode != PKS_MODE_SILENT || marks <= 0)
		return;
	m.lent |= pkrs_mask(key);
	m.reg = m.own & ~m.lent;
}

static void lend(u32 key)
{
	struct regs regs = { 0 };
	u64 flags = irq_save();

	regs_set_pkrs(&regs, rights_mirror());
	pks_global_lend(&regs, key);
	irq_restore(flags);
}

static void lend_x(void)
{
	lend(m.x);
	model_lend(m.x, m.marks[0]);
}

static void lend_y(void)
{
	lend(m.y);
	model_lend(m.y, m.marks[1]);
}

static void recall_here(void)
{
	pkrs_recall();
	model_recall();
}

static void recall_all(void)
{
	pks_global_recall();
	model_recall_all();
}

static void open_x(void)
{
	pks_global_open(m.x);
	m.marks[0]++;
}

static void open_y(void)
{
	pks_global_open(m.y);
	m.marks[1]++;
}

static void close(u32 key, int *marks)
{
	if (*marks == 0)
		return;
	pks_global_close(key);
	if (--*marks == 0 && m.scope == PKS_SCOPE_GLOBAL)
		model_recall_all();
}

static void close_x(void)
{
	close(m.x, &m.marks[0]);
}

static void close_y(void)
{
	close(m.y, &m.marks[1]);
}

static void model_policy(enum pks_mode mode, enum pks_scope scope)
{
	if (m.scope == PKS_SCOPE_GLOBAL && (mode != m.mode || scope != m.scope))
		model_recall_all();
	m.mode = mode;
	m.scope = scope;
}

static void scope_context(void)
{
	policy_scope_set(PKS_SCOPE_CONTEXT);
	model_policy(m.mode, PKS_SCOPE_CONTEXT);
}

static void scope_instruction(void)
{
	policy_scope_set(PKS_SCOPE_INSTRUCTION);
	model_policy(m.mode, PKS_SCOPE_INSTRUCTION);
}

static void scope_global(void)
{
	policy_scope_set(PKS_SCOPE_GLOBAL);
	model_policy(m.mode, PKS_SCOPE_GLOBAL);
}

static void mode_off(void)
{
	policy_mode_set(PKS_MODE_OFF);
	model_policy(PKS_MODE_OFF, m.scope);
}

static void mode_strict(void)
{
	policy_mode_set(PKS_MODE_STRICT);
	model_policy(PKS_MODE_STRICT, m.scope);
}

static void mode_silent(void)
{
	policy_mode_set(PKS_MODE_SILENT);
	model_policy(PKS_MODE_SILENT, m.scope);
}

/* A write of the rights ends what is lent in the register, but the next loan lends it again. */
static void model_own(u32 own)
{
	if (own != m.own)
		m.own = m.reg = own;
}

static void grant_z(void)
{
	pks_set_readwrite(m.z);
	model_own(m.own & ~pkrs_mask(m.z));
}

static void revoke_z(void)
{
	pks_set_noaccess(m.z);
	model_own(m.own | pkrs_mask(m.z));
}

static const struct step {
	const char *name;
	void (*fn)(void);
} steps[] = {
	{ "lend X", lend_x },
	{ "lend Y", lend_y },
	{ "recall here", recall_here },
	{ "recall on all CPUs", recall_all },
	{ "mark X", open_x },
	{ "mark Y", open_y },
	{ "unmark X", close_x },
	{ "unmark Y", close_y },
	{ "pardon=context", scope_context },
	{ "pardon=instruction", scope_instruction },
	{ "pardon=global", scope_global },
	{ "pks=off", mode_off },
	{ "pks=strict", mode_strict },
	{ "pks=silent", mode_silent },
	{ "grant Z", grant_z },
	{ "revoke Z", revoke_z },
};

#define STEPS ARRAY_SIZE(steps)

/* The steps of the sequence that runs, for messages. */
static struct {
	u32 step[3], n;
	bool lent; /* began with X lent */
	bool failed;
	u32 played;
} seq;

static void same(u64 saw, u64 want, const char *what)
{
	ktest_checked();
	if (saw == want)
		return;
	seq.failed = true;
	ktest_fail(__FILE__, __LINE__,
		   "%s, then %s; %s; %s on CPU %u: expected %s %lx, saw %lx, by the model",
		   seq.lent ? "X lent" : "nothing lent", steps[seq.step[0]].name,
		   seq.n > 1 ? steps[seq.step[1]].name : "-",
		   seq.n > 2 ? steps[seq.step[2]].name : "-", this_cpu()->id, what, want, saw);
}

/* A tick ends the loan of a context that has other rights than the initial ones. */
static void expect_register(void)
{
	u32 reg = pkrs_register();

	if (reg == m.own && m.own != PKRS_INIT && this_cpu()->ticks != m.ticks)
		m.reg = reg;
	same(reg, m.reg, "IA32_PKRS");
}

static void expect_model(void)
{
	expect_register();
	same(rights_mirror(), m.own, "the mirror");
	same(this_cpu()->pkrs_lent, m.lent, "what is lent");
	same(pks_global_marks(m.x), (u64)m.marks[0], "the marks of X");
	same(pks_global_marks(m.y), (u64)m.marks[1], "the marks of Y");
	same(options.policy.mode, m.mode, "the mode");
	same(options.policy.scope, m.scope, "the scope");
	same(pkrs_enforced(), m.mode != PKS_MODE_OFF, "CR4.PKS");
	if (!m.elsewhere && seq.lent)
		once_expect_no_loan_elsewhere("a recall on all CPUs takes it back there too");
}

static void lend_x_here(void *arg)
{
	struct regs regs = { 0 };

	(void)arg;
	regs_set_pkrs(&regs, (u32)this_cpu()->pkrs);
	pks_global_lend(&regs, m.x);
}

/* Other keys in each sequence. */
static void begin(void)
{
	u32 round = seq.played++;

	m.x = 3 + round % 13;
	m.y = 3 + (round + 1 + round / 13 % 11) % 13;
	m.z = 1;
	m.own = m.reg = PKRS_INIT;
	m.lent = 0;
	m.marks[0] = m.marks[1] = 0;
	m.elsewhere = false;
	m.ticks = this_cpu()->ticks;
	rights_set(PKRS_INIT);
	mode_silent();
	scope_global();
	m.scope = PKS_SCOPE_GLOBAL;
	recall_all();
	if (seq.lent) {
		open_x();
		lend_x();
		once_on_others(lend_x_here, NULL);
		m.elsewhere = true;
	}
}

static void end(void)
{
	while (m.marks[0])
		close_x();
	while (m.marks[1])
		close_y();
	rights_set(PKRS_INIT);
}

static void play(void)
{
	u32 n = seq.n;

	begin();
	for (seq.n = 1; seq.n <= n && !seq.failed; seq.n++) {
		steps[seq.step[seq.n - 1]].fn();
		expect_model();
	}
	seq.n = n;
	end();
}

/* Every `stride`th sequence of `n` steps, in which a step may come twice. */
static void play_all(u32 n, u32 stride)
{
	u32 count = n == 3 ? STEPS * STEPS * STEPS : STEPS * STEPS;

	seq.n = n;
	for (u32 i = 0; i < 2 * count && !seq.failed; i += stride) {
		seq.lent = i % 2;
		seq.step[0] = i / 2 % STEPS;
		seq.step[1] = i / 2 / STEPS % STEPS;
		seq.step[2] = i / 2 / STEPS / STEPS;
		play();
	}
}

static void pairs_here(void *arg)
{
	(void)arg;
	seq.played = 0;
	play_all(2, 1);
	if (cpu_count == 1)
		play_all(3, 5);
	pr("# steps in each order: %u sequences on CPU %u\n", seq.played, this_cpu()->id);
	EXPECT(seq.failed || seq.played >= 2 * STEPS * STEPS);
}

static void steps_in_each_order_match_the_model(void)
{
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	seq.failed = false;
	percpu_run_on(cpus[0], pairs_here, NULL);
	if (cpu_count > 1)
		percpu_run_on(cpus[cpu_count - 1], pairs_here, NULL);
}
KTEST(steps_in_each_order_match_the_model, KT_PKS);

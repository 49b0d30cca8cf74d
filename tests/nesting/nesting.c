// SPDX-License-Identifier: MIT
#include "tests/nesting/nesting.h"
#include "kernel/console/console.h"
#include "kernel/thread.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "tests/harness/actor.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

static const char *const outcomes[OUTCOMES] = {
	"right",  "too-narrow",        "too-wide",        "too-narrow+too-wide",
	"caught", "too-narrow+caught", "too-wide+caught", "too-narrow+too-wide+caught",
};

/* One case with one arm. Its threads and contexts run one at a time, so none needs a lock. */
static struct {
	const struct arm *arm;
	const struct step *steps;
	struct arm_hold hold[HOLDERS];
	u32 outcome;
	struct actor other;
	bool other_runs;
} cell;

static struct prot_page pages[PAGES];

/* Tries to read and to write; returns what the running context can do. */
static u32 ability(const struct prot_page *p)
{
	u64 value;
	struct fault read = probe_read(p->va, &value), write = probe_write(p->va, 1);

	EXPECT(read.vector == FAULT_NONE || (read.vector == X86_PF && read.error & PF_PK));
	EXPECT(write.vector == FAULT_NONE || (write.vector == X86_PF && write.error & PF_PK));
	return write.vector == FAULT_NONE ? WRITES : read.vector == FAULT_NONE ? READS : NOTHING;
}

static void must(const struct prot_page *p, u32 degree)
{
	u32 found = ability(p);

	cell.outcome |= found < degree ? TOO_NARROW : found > degree ? TOO_WIDE : RIGHT;
}

static void store_as_caller(const struct prot_page *p)
{
	policy_mode_set(PKS_MODE_STRICT);
	if (policy_write(p->va).vector != FAULT_NONE)
		cell.outcome |= TOO_NARROW;
	policy_mode_set(PKS_MODE_SILENT);
}

static void run_steps(void *arg);

static void in_thread(void *steps)
{
	if (!cell.other_runs)
		cell.other_runs = actor_start(&cell.other, "other");
	if (cell.other_runs)
		actor_do(&cell.other, run_steps, steps);
}

static void run_step(const struct step *s)
{
	switch (s->what) {
	case STEP_GRANT:
		cell.hold[s->who] = cell.arm->grant(pages[s->page].page->pkey, s->degree);
		break;
	case STEP_REVOKE:
		if (!cell.arm->revoke(cell.hold[s->who]))
			cell.outcome |= CAUGHT;
		break;
	case STEP_MUST:
		must(&pages[s->page], s->degree);
		break;
	case STEP_PARDON:
		EXPECT_NO_FAULT(policy_write(pages[s->page].va), "pardoned");
		break;
	case STEP_CALLER:
		store_as_caller(&pages[s->page]);
		break;
	case STEP_EXCEPTION:
		run_in(IN_EXCEPTION, run_steps, (void *)s->steps);
		break;
	case STEP_INTERRUPT:
		run_in(IN_INTERRUPT, run_steps, (void *)s->steps);
		break;
	case STEP_THREAD:
		in_thread((void *)s->steps);
		break;
	case STEP_END:
		break;
	}
}

static void run_steps(void *arg)
{
	for (const struct step *s = arg; s->what != STEP_END; s++)
		run_step(s);
}

static int run_cell(void *arg)
{
	(void)arg;
	run_steps((void *)cell.steps);
	if (cell.other_runs)
		actor_end(&cell.other);
	return 0;
}

/* Runs the case in a thread of its own, so that rights it leaves open end with that thread. */
static u32 outcome_with(const struct nesting *n, const struct arm *arm)
{
	struct thread *t;

	arms_reset();
	cell.arm = arm;
	cell.steps = n->steps;
	cell.outcome = RIGHT;
	cell.other_runs = false;
	for (u32 i = 0; i < HOLDERS; i++) /* for a revoke without a grant */
		cell.hold[i] = (struct arm_hold){ .key = pages[0].page->pkey, .access = PKS_WRITE };
	t = thread_create("nesting", run_cell, NULL);
	if (EXPECT(t))
		EXPECT(!thread_join(t).died);
	return cell.outcome;
}

static bool pages_get(void)
{
	for (u32 i = 0; i < PAGES; i++) {
		int key = pks_key_alloc("nesting");

		if (!EXPECT(key > 0) || !marked_page(&pages[i], (u32)key))
			return false;
	}
	return true;
}

static void pages_put(void)
{
	for (u32 i = 0; i < PAGES; i++) {
		u32 key = pages[i].page->pkey;

		marked_page_put(&pages[i]);
		EXPECT_EQ(pks_key_free(key), 0);
	}
}

void nesting_run(const struct nesting *n)
{
	u32 found[ARMS];

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!pages_get())
		return;
	for (u32 i = 0; i < ARMS; i++) {
		found[i] = outcome_with(n, &arms[i]);
		ktest_checked();
		if (found[i] != n->predicted[i])
			ktest_fail(__FILE__, __LINE__, "%s: predicted %s, came out %s; rule: %s",
				   arms[i].name, outcomes[n->predicted[i]], outcomes[found[i]],
				   n->rule);
	}
	pages_put();
	pr("    # nesting %s", n->name);
	for (u32 i = 0; i < ARMS; i++)
		pr(" %s=%s", arms[i].name, outcomes[found[i]]);
	pr(" rule=%s\n", n->rule);
}

// SPDX-License-Identifier: MIT
/*
 * Stress: more threads than CPUs take random steps, each beside a model of its own rights, while
 * ticks, NMIs and calls interrupt them. One run takes STEPS steps in all; repeat= runs more. The
 * printed seed makes each thread take the same steps again; how the threads interleave is up to the
 * machine.
 */
#define KTEST_SUITE "smp"

#include "kernel/console/console.h"
#include "kernel/exception.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/random.h"
#include "kernel/lib/string.h"
#include "kernel/sched.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "mm/kmap/kmap.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/set_memory.h"
#include "mm/split.h"
#include "mm/stack.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "pks/policy/marks.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

#define STEPS       5000
#define ACTORS_MAX  64
#define KEYS        3
#define NESTING_MAX 6
#define MARKS_MAX   4
#define TICK_NS     50000

struct actor {
	struct random random;
	struct thread *thread;
	u32 rights; /* the model */
	u32 depth;
	struct pks_token tokens[NESTING_MAX];
	u32 before[NESTING_MAX]; /* its key's rights before each token's grant */
	u32 keys[NESTING_MAX];
	struct prot_page *marked[MARKS_MAX];
	u32 marks;
	struct prot_page own; /* only this thread changes its key */
};

static struct {
	struct prot_page pages[KEYS]; /* shared; each has a key of its own */
	u32 keys[KEYS];
	s64 left;                                                              /* steps; atomic */
	u32 nmis, softirqs, calls, pardons, migrations, key_changes, children; /* atomic */
	struct actor actors[ACTORS_MAX];
} stress;

#define COUNT(what) atomic_inc(&stress.what)

static bool nmi_hook(struct regs *regs)
{
	(void)regs;
	EXPECT_RIGHTS(PKRS_INIT);
	COUNT(nmis);
	return true;
}

static void softirq_hook(void)
{
	EXPECT_RIGHTS(PKRS_INIT);
	COUNT(softirqs);
}

static void call_hook(void *arg)
{
	(void)arg;
	COUNT(calls); /* no check: on the calling CPU it runs with the caller's rights */
}

static u32 below(struct actor *a, u32 n)
{
	return (u32)random_draw_below(&a->random, n);
}

static struct prot_page *any_page(struct actor *a)
{
	u32 i = below(a, KEYS + 1);

	return i < KEYS ? &stress.pages[i] : &a->own;
}

static void grant(struct actor *a)
{
	u32 key = stress.keys[below(a, KEYS)];
	enum pks_access access = below(a, 2) ? PKS_READ : PKS_WRITE;

	if (a->depth == NESTING_MAX)
		return;
	a->keys[a->depth] = key;
	a->before[a->depth] = a->rights & pkrs_mask(key);
	a->tokens[a->depth++] = pks_grant(key, access);
	a->rights &= ~pkrs_needs_clear(key, access);
}

static void revoke(struct actor *a)
{
	if (!a->depth)
		return;
	a->depth--;
	pks_revoke(a->tokens[a->depth]);
	a->rights = (a->rights & ~pkrs_mask(a->keys[a->depth])) | a->before[a->depth];
}

/* An access faults exactly if the model says so. */
static void access(struct actor *a)
{
	struct prot_page *p = any_page(a);
	bool write = below(a, 2);
	bool permitted = pkrs_permits(a->rights, p->page->pkey, write ? PKS_WRITE : PKS_READ);
	u64 value;
	struct fault f = write ? probe_write(p->va, 1) : probe_read(p->va, &value);

	if (permitted)
		EXPECT_NO_FAULT(f, "the key is open to this thread");
	else
		EXPECT_PAGE_FAULT(f, PF_P | PF_PK | (write ? PF_W : 0), p->va,
				  "the key is closed to this thread");
}

static void mark(struct actor *a)
{
	if (a->marks == MARKS_MAX)
		return;
	a->marked[a->marks] = any_page(a);
	kmap(a->marked[a->marks++]->page);
}

static void unmark(struct actor *a)
{
	if (a->marks)
		kunmap(a->marked[--a->marks]->page);
}

/* A page that this thread marked can be pardoned; the pardon lasts as long as the thread. */
static void be_pardoned(struct actor *a)
{
	struct prot_page *p = a->marks ? a->marked[a->marks - 1] : NULL;

	if (!p)
		return;
	EXPECT_NO_FAULT(policy_write(p->va), "a marked page is pardoned");
	if (!pkrs_permits(a->rights, p->page->pkey, PKS_WRITE)) {
		a->rights &= ~pkrs_mask(p->page->pkey);
		COUNT(pardons);
	}
}

/* Changes the key of the thread's own page, on all CPUs, unless the page is marked. */
static void change_key(struct actor *a)
{
	if (page_marks(a->own.page))
		return;
	EXPECT_EQ(set_memory_pkey((u64)a->own.va, 1, stress.keys[below(a, KEYS)]), 0);
	COUNT(key_changes);
}

static void migrate(struct actor *a)
{
	thread_pin(cpus[below(a, cpu_count)]);
	if (below(a, 2))
		thread_pin(NULL);
	COUNT(migrations);
}

/* A new thread inherits no rights, and its pardon ends with it. */
static int child(void *arg)
{
	struct prot_page *marked = arg;

	EXPECT_RIGHTS(PKRS_INIT);
	if (!marked)
		return 0;
	EXPECT_NO_FAULT(policy_write(marked->va), "a marked page is pardoned");
	EXPECT_RIGHTS(PKRS_INIT & ~pkrs_mask(marked->page->pkey));
	COUNT(pardons);
	return 0;
}

static void have_a_child(struct actor *a)
{
	struct thread *t;

	t = thread_create("child", child, a->marks ? a->marked[a->marks - 1] : NULL);
	if (EXPECT(t))
		thread_join(t);
	COUNT(children);
}

static void disturb(struct actor *a)
{
	struct cpu *cpu = cpus[below(a, cpu_count)];

	switch (below(a, 4)) {
	case 0:
		ipi_send_nmi(cpu);
		break;
	case 1:
		ipi_run_on(cpu, call_hook, NULL);
		break;
	case 2:
		ipi_reschedule(cpu);
		break;
	default:
		softirq_raise(SOFTIRQ_TEST);
	}
}

static void pause(struct actor *a)
{
	if (below(a, 4))
		thread_yield();
	else
		thread_sleep(below(a, 20000));
}

static void step(struct actor *a)
{
	static void (*const often[])(struct actor *) = { grant, revoke, access,
							 mark,  unmark, be_pardoned };
	static void (*const seldom[])(struct actor *) = { pause, disturb, migrate, change_key,
							  have_a_child };
	u32 i = below(a, 4 * ARRAY_SIZE(often) + ARRAY_SIZE(seldom));

	if (i < ARRAY_SIZE(seldom))
		seldom[i](a);
	else
		often[i % ARRAY_SIZE(often)](a);
	EXPECT_RIGHTS(a->rights);
}

static int act(void *arg)
{
	struct actor *a = arg;

	EXPECT_RIGHTS(PKRS_INIT);
	while (atomic_dec_return(&stress.left) >= 0)
		step(a);
	while (a->depth)
		revoke(a);
	while (a->marks)
		unmark(a);
	EXPECT_RIGHTS(a->rights);
	return 0;
}

static void short_tick(void *arg)
{
	(void)arg;
	tick_set(TICK_NS, true);
}

/*
 * Allocates and frees `n` stacks, which the kernel keeps for later threads: so the number of free
 * pages is comparable before and after the run.
 */
static void have_stacks(u32 n)
{
	static void *stacks[2 * ACTORS_MAX];

	for (u32 i = 0; i < n; i++)
		stacks[i] = stack_alloc();
	for (u32 i = 0; i < n; i++)
		if (stacks[i])
			stack_free(stacks[i]);
}

static bool set_up(u32 actors, u64 seed)
{
	bool ready = true;

	for (u32 i = 0; i < KEYS; i++) {
		int key = pks_key_alloc("stress");

		stress.keys[i] = key > 0 ? (u32)key : 0;
		ready = ready && EXPECT(key > 0) && prot_page_get(&stress.pages[i], (u32)key);
	}
	for (u32 i = 0; ready && i < actors; i++) {
		struct actor *a = &stress.actors[i];

		*a = (struct actor){ .rights = PKRS_INIT };
		random_draw_from(&a->random, seed + i);
		ready = prot_page_get(&a->own, stress.keys[i % KEYS]);
		a->thread = ready ? thread_prepare("actor", act, a) : NULL;
		ready = ready && EXPECT(a->thread);
		if (a->thread)
			a->thread->pinned = NULL;
	}
	return ready;
}

static void take_down(u32 actors)
{
	for (u32 i = 0; i < actors; i++)
		if (stress.actors[i].own.page)
			prot_page_put(&stress.actors[i].own);
	for (u32 i = 0; i < KEYS; i++) {
		if (stress.pages[i].page)
			prot_page_put(&stress.pages[i]);
		if (stress.keys[i])
			EXPECT_EQ(pks_key_free(stress.keys[i]), 0); /* no page has the key */
	}
}

static void random_steps(void)
{
	u32 actors = MIN(MAX(2 * cpu_count, 4), ACTORS_MAX);
	u64 seed = random_next(), before;

	have_stacks(2 * actors); /* one child for each */
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	softirq_register(SOFTIRQ_TEST, softirq_hook);
	memset(&stress, 0, sizeof(stress));
	stress.left = STEPS;
	before = pages_free() + pgtable_splits();
	if (set_up(actors, seed)) {
		trap_hook_set(X86_NMI, nmi_hook);
		ipi_run_on_all(short_tick, NULL);
		for (u32 i = 0; i < actors; i++)
			thread_launch(stress.actors[i].thread);
		for (u32 i = 0; i < actors; i++)
			thread_join(stress.actors[i].thread);
		trap_hook_set(X86_NMI, NULL);
	}
	take_down(actors);
	EXPECT_EQ(pages_free() + pgtable_splits(), before);
	pr("# stress: %u steps by %u threads on %u CPUs, seed %lu: %u pardons, %u migrations,"
	   " %u key changes, %u NMIs, %u calls, %u softirqs, %u children\n",
	   STEPS, actors, cpu_count, seed, stress.pardons, stress.migrations, stress.key_changes,
	   stress.nmis, stress.calls, stress.softirqs, stress.children);
	EXPECT(stress.pardons && stress.migrations && stress.key_changes && stress.nmis);
	EXPECT(stress.calls && stress.softirqs && stress.children);
}
KTEST(random_steps, KT_PKS);

// SPDX-License-Identifier: MIT
#include "tests/once/once.h"
#include "kernel/apic.h"
#include "kernel/console/console.h"
#include "kernel/cpu/insn.h"
#include "kernel/ctx.h"
#include "kernel/ipi.h"
#include "kernel/lib/options.h"
#include "kernel/time.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "pks/rights.h"
#include "tests/harness/inject.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/window.h"

#define PLACES_MAX 4000
#define VISITS_MAX 8              /* of one address; more are a loop that waits */
#define DR7_BREAK  (DR7_INIT | 2) /* at the address in DR0, in any task */
#define ICR_HIGH   0x310
#define RFLAGS_RF  0x10000 /* the next instruction ignores DR7 */

static const char *const kind_names[ONCE_KINDS] = { "#DB", "NMI", "interrupt",
						    "interrupt elsewhere" };

/* The run. One test at a time; written by its thread between runs, else by its event alone. */
static struct {
	const struct once *once;
	enum once_kind kind;
	u32 place, turn;
	u32 visits;      /* how often the run still comes to the place's address before the event */
	u32 sent, taken; /* events: 0 or 1 */
	u64 rip;
	bool failed;
} now;

/* The run's instructions in their order. Written by the same thread's steps. */
static struct {
	u64 rip[PLACES_MAX];
	u8 visits[PLACES_MAX]; /* earlier ones, of the same address */
	u32 n;
} path;

bool once_eq(const char *file, int line, u64 seen, u64 want, const char *what, const char *rule)
{
	ktest_checked();
	if (seen == want)
		return true;
	now.failed = true;
	ktest_fail(file, line,
		   "%s with one %s at %p"
		   "S (place %u, turn %u), on CPU %u: expected %s %lx, saw %lx: %s",
		   now.once->name, kind_names[now.kind], (void *)now.rip, now.place, now.turn,
		   this_cpu()->id, what, want, seen, rule);
	return false;
}

static bool take(struct regs *regs)
{
	(void)regs;
	now.once->event(now.turn);
	smp_store_release(&now.taken, now.taken + 1);
	return true;
}

static struct cpu *elsewhere(void)
{
	return this_cpu() == cpus[0] ? cpus[cpu_count - 1] : cpus[0];
}

/* Only the boot CPU has an NMI held back until an IRET (tests/harness/inject.h). */
static void nmi(void)
{
	struct ctx ctx;

	if (this_cpu() == &boot_cpu) {
		nmi_at_iret(take);
		return;
	}
	ctx = ctx_enter(CTX_NMI, 0);
	take(NULL);
	ctx_leave(ctx, CTX_NMI, 0);
}

static void send_event(void)
{
	now.sent++;
	if (now.kind == ONCE_TRAP)
		take(NULL);
	else if (now.kind == ONCE_NMI)
		nmi();
	else if (now.kind == ONCE_INTERRUPT)
		apic_self_ipi(VECTOR_TEST);
	else
		apic_send_ipi(elsewhere()->apic_id, VECTOR_TEST);
}

/*
 * The upper half of the ICR, which the run may have written but not yet used; NULL in x2APIC mode,
 * where one write sends.
 */
static volatile u32 *icr_high;

static bool on_break(struct regs *regs)
{
	u32 destination = icr_high ? *icr_high : 0;

	write_dr6(DR6_INIT);
	if (now.visits) {
		now.visits--;
		regs->rflags |= RFLAGS_RF;
		return true;
	}
	write_dr7(DR7_INIT); /* there is no other */
	send_event();
	if (icr_high)
		*icr_high = destination;
	return true;
}

static void run_to_break(void)
{
	trap_hook_t before = trap_hook_set(X86_DB, on_break);

	asm volatile("mov %0, %%dr0" : : "r"(now.rip));
	write_dr7(DR7_BREAK);
	now.once->run();
	write_dr7(DR7_INIT);
	trap_hook_set(X86_DB, before);
}

/* A self-IPI comes now at the latest. */
static void let_it_in(void)
{
	u64 flags = read_flags();

	irq_enable();
	for (u32 spins = 0; smp_load_acquire(&now.taken) < now.sent && spins < 10000000; spins++)
		cpu_relax();
	irq_restore(flags);
}

/* Returns the number of events: 0 if the run did not come to the place. */
static u32 run_once(void)
{
	now.rip = path.rip[now.place];
	now.visits = path.visits[now.place];
	now.sent = now.taken = 0;
	now.once->begin();
	run_to_break();
	let_it_in();
	trap_hook_set(X86_NMI, NULL);
	ONCE_EQ(now.taken, now.sent, "each event that is sent is taken");
	now.once->end();
	return now.sent;
}

static bool note_path(struct regs *regs)
{
	u32 visits = 0;

	for (u32 i = 0; i < path.n; i++)
		visits += path.rip[i] == regs->rip;
	if (visits >= (now.once->waits ? 2 : VISITS_MAX) || path.n == PLACES_MAX)
		return true;
	path.visits[path.n] = (u8)visits;
	path.rip[path.n++] = regs->rip;
	return true;
}

static void call_run(void *arg)
{
	(void)arg;
	now.once->run();
}

/* Runs without an event: notes the path, and shows that the model holds. */
static void find_path(void)
{
	path.n = 0;
	now.sent = now.taken = 0;
	now.once->begin();
	single_step(call_run, NULL, note_path);
	now.once->end();
}

static u32 at_each_place(const struct once *once, enum once_kind kind)
{
	bool waits = once->waits && cpu_count > 1;
	u32 events = 0, every = waits ? 3 * ktest_part(11) : ktest_part(23);

	now.kind = kind;
	for (now.place = kind % every; now.place < path.n; now.place += every) {
		for (u32 i = 0; i < once->turns; i++) {
			if (now.failed)
				return events;
			now.turn = now.place + kind * once->turns + i;
			events += run_once();
		}
	}
	return events;
}

static bool map_icr(void)
{
	u64 phys = apic_mmio_address();

	icr_high = phys ? (volatile u32 *)(WINDOW + ICR_HIGH) : NULL;
	return !phys || window_map(0, phys, PAGE_SIZE, PTE_MMIO, 1);
}

void once_expect_events(const struct once *once, u32 least)
{
	trap_hook_t before;
	u32 events = 0;

	if (!breakpoints_allowed())
		return;
	now.once = once;
	now.failed = false;
	now.kind = ONCE_TRAP;
	now.rip = 0;
	before = trap_hook_set(VECTOR_TEST, take);
	if (!map_icr())
		return;
	find_path();
	for (enum once_kind kind = 0; kind < ONCE_KINDS; kind++)
		if (once->kinds & BIT(kind) && (kind != ONCE_ELSEWHERE || cpu_count > 1))
			events += at_each_place(once, kind);
	trap_hook_set(VECTOR_TEST, before);
	window_clear();
	pr("# %s: %u events on CPU %u\n", once->name, events, this_cpu()->id);
	if (!now.failed)
		EXPECT(events >= least / ktest_part(31)); /* 23, and some for the ends */
}

/* For once_on_first_and_last(): one CPU at a time. */
struct visit {
	const struct once *once;
	u32 least;
};

static void on_this_cpu(void *arg)
{
	const struct visit *v = arg;

	once_expect_events(v->once, v->least);
}

void once_on_first_and_last(const struct once *once, u32 least)
{
	struct visit v = { once, least };

	percpu_run_on(cpus[0], on_this_cpu, &v);
	if (cpu_count > 1 && !now.failed)
		percpu_run_on(cpus[cpu_count - 1], on_this_cpu, &v);
}

bool once_taken(void)
{
	return now.taken;
}

struct prot_page once_marked, once_other;

bool once_pages_get(void)
{
	return prot_pair_get(&once_marked, &once_other, PKS_KEY_DEVMAP) && kmap(once_marked.page);
}

void once_pages_put(void)
{
	kunmap(once_marked.page);
	prot_pair_put(&once_marked, &once_other);
}

static void map_two(void)
{
	void *va = kmap_local_page_read(once_other.page);

	kunmap_local(kmap_local_page(once_marked.page));
	kunmap_local(va);
}

void once_meddle(u32 turn)
{
	ONCE_EQ(rights_mirror(), PKRS_INIT, "each context begins with the initial rights");
	if (!options.policy.scope) /* else it may inherit a loan */
		ONCE_EQ(pkrs_register(), PKRS_INIT, "each context begins with the initial rights");
	switch (turn % 6) {
	case 0:
		map_two();
		break;
	case 1:
		pks_revoke(pks_grant(KEY_C, PKS_WRITE));
		break;
	case 2:
		policy_write(once_marked.va);
		break;
	case 3:
		kmap(once_marked.page);
		kunmap(once_marked.page);
		break;
	case 4:
		rights_set(0);
		break;
	default:
		break;
	}
}

static void read_rights(void *arg)
{
	*(u64 *)arg = (u64)pkrs_register() << 32 | rights_mirror();
}

void once_on_others(void (*fn)(void *), void *arg)
{
	for (u32 i = 0; i < cpu_count; i++)
		if (cpus[i] != this_cpu())
			ipi_run_on(cpus[i], fn, arg);
}

/* A CPU that is asked by an NMI recalls at its next tick. */
void once_expect_no_loan_elsewhere(const char *rule)
{
	u64 end = now_ns() + 2000000000, rights = 0;

	for (u32 i = 0; i < cpu_count; i++) {
		if (cpus[i] == this_cpu())
			continue;
		do
			ipi_run_on(cpus[i], read_rights, &rights);
		while ((u32)rights != rights >> 32 && now_ns() < end);
		ONCE_EQ(rights >> 32, (u32)rights, rule);
	}
}

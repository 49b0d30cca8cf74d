// SPDX-License-Identifier: MIT
/* Takes one step of a sequence and compares it with the model's. */
#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/local.h"
#include "kernel/lib/option_words.h"
#include "kernel/lib/printf.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_thread.h"
#include "pks/policy/fault.h"
#include "pks/policy/marks.h"
#include "tests/harness/probe.h"
#include "tests/interleave/play_internal.h"

#define SHOWN 5 /* sequences that differ; more would add nothing */
#define SPINS 100000000

struct play play;

/* Reports a sequence's first difference in one line; its later ones may only follow from that. */
static void differ(const char *what, const char *expected, const char *seen)
{
	if (play.differs)
		return;
	play.differs = true;
	if (++play.tally->differing > SHOWN)
		return;
	ktest_fail(__FILE__, __LINE__,
		   "case=%s@%u,%u pks=%s gate=%s pardon=%s marks=%s: %s: expected %s, seen %s, at "
		   "\"%s\", "
		   "in %s",
		   play.sequence.steps, play.sequence.key[0], play.sequence.key[1],
		   pks_mode_name(play.policy.mode), pks_gate_name(play.policy.gate),
		   pks_scope_name(play.policy.scope), pks_marks_name(options.marks), what, expected,
		   seen, play.at,
		   play.model.running == MODEL_A   ? "thread A"
		   : play.model.running == MODEL_B ? "thread B"
						   : "an interrupt");
}

static void differ_by(const char *what, u64 expected, u64 seen)
{
	char texts[2][20];

	ksnprintf(texts[0], sizeof(texts[0]), "%lx", expected);
	ksnprintf(texts[1], sizeof(texts[1]), "%lx", seen);
	differ(what, texts[0], texts[1]);
}

static void compare(const char *what, u64 expected, u64 seen)
{
	if (unlikely(expected != seen))
		differ_by(what, expected, seen);
}

/* The two bits of a key: SDM Vol. 3A, "Protection Keys". */
static u32 with_rights(u32 pkrs, u32 key, u32 rights)
{
	return (pkrs & ~(3u << 2 * key)) | rights << 2 * key;
}

static u32 expected_pkrs(void)
{
	u32 pkrs = PKRS_INIT;

	for (u32 k = 0; k < MODEL_KEYS; k++)
		pkrs = with_rights(pkrs, play.model.key[k],
				   model_rights(&play.model, play.model.running, k));
	return pkrs;
}

/* A key that is open to all may be open in this register already, or not yet. */
u32 play_register(void)
{
	u32 seen = pkrs_register();

	for (u32 k = 0; k < MODEL_KEYS; k++)
		if (model_key_is_open(&play.model, k) && !(seen & 3u << 2 * play.model.key[k]))
			seen = with_rights(seen, play.model.key[k],
					   model_rights(&play.model, play.model.running, k));
	return seen;
}

void play_forget(enum model_who who)
{
	for (u32 k = 0; k < MODEL_KEYS; k++)
		play.grants[who][k].open = 0;
}

static void compare_mistakes(void)
{
	const struct model_mistakes *m = &play.model.mistakes;

	compare("kunmaps without a mark", m->underflows,
		pks_mark_stats.underflows - play.underflows);
	compare("unmaps without a map", m->not_mapped,
		kmap_stats.not_mapped - play.maps.not_mapped);
	compare("kunmap_locals in the wrong order", m->order, kmap_stats.order - play.maps.order);
	compare("kmap_threads in an interrupt", m->no_thread,
		kmap_stats.no_thread - play.maps.no_thread);
	compare("maps left open", m->left_open, kmap_stats.left_open - play.maps.left_open);
	compare("maps too many", 0, kmap_stats.overflow - play.maps.overflow);
}

void play_compare(void)
{
	const struct local *local = this_local();

	u32 rights = expected_pkrs();

	compare("IA32_PKRS", rights, play_register());
	compare("cpu->pkrs", rights, rights_mirror());
	for (u32 i = 0; i < MODEL_PAGES; i++)
		compare(i == PAGE_FIRST    ? "the page's marks"
			: i == PAGE_SECOND ? "the second page's marks"
					   : "the other key's page's marks",
			play.model.marks[i], page_marks(play.page[i]->prot.page));
	compare("maps of the context", model_nested(&play.model, play.model.running),
		local->maps - local->base);
	compare("stepped instructions", 0, local->steps);
	compare_mistakes();
}

/* The outcome of an access, from its fault and the statistics before it. */
static enum model_outcome outcome(struct fault f, const struct pks_stats *before)
{
	if (f.vector != FAULT_NONE)
		return MODEL_DIES;
	if (pks_stats.pardons == before->pardons)
		return MODEL_FREE;
	return pks_stats.global_lent == before->global_lent ? MODEL_PARDONED : MODEL_SHARED;
}

static void compare_fault(struct fault f, u64 va, bool write)
{
	compare("vector", X86_PF, f.vector);
	compare("error code", PF_P | PF_PK | (write ? PF_W : 0), f.error);
	compare("CR2", va, f.addr);
}

static void compare_outcome(enum model_outcome expected, enum model_outcome came,
			    const struct pks_stats *before)
{
	bool steps = came == MODEL_PARDONED && play.policy.scope == PKS_SCOPE_INSTRUCTION;

	if (came != expected && !(expected == MODEL_SHARED && came == MODEL_FREE))
		differ("access", model_outcome_name(expected), model_outcome_name(came));
	/* An interrupt before the access may recall what was lent: then it faults again. */
	if (came != MODEL_SHARED)
		compare("faults", came != MODEL_FREE, pks_stats.faults - before->faults);
	compare("deaths", came == MODEL_DIES, pks_stats.deaths - before->deaths);
	compare("steps", steps, pks_stats.steps - before->steps);
	compare("ends of steps", steps, pks_stats.step_ends - before->step_ends);
	compare("steps pardoned for the context's rest", 0,
		pks_stats.steps_wide - before->steps_wide);
}

static void count(enum model_outcome o)
{
	play.tally->free += o == MODEL_FREE;
	play.tally->pardoned += o == MODEL_PARDONED;
	play.tally->shared += o == MODEL_SHARED;
	play.tally->dies += o == MODEL_DIES;
}

/* Accesses a page's first word, and compares the outcome, the fault and the memory. */
static void access(struct play_page *page, bool write, enum model_outcome expected)
{
	static const char letters[] = { '-', 'f', 'p', 's', 'x' };
	struct pks_stats before = pks_stats;
	volatile u64 *va = page->prot.va;
	u64 value = ++play.tried;
	enum model_outcome came;
	struct fault f;

	f = write ? touch_write(va, value) : touch_read(va, &value);
	if (f.vector != FAULT_NONE)
		compare_fault(f, (u64)va, write);
	came = outcome(f, &before);
	compare_outcome(expected, came, &before);
	count(came);
	if (expected != MODEL_DIES && write)
		page->word = value;
	else if (expected != MODEL_DIES)
		compare("value read", page->word, value);
	compare("the page's word", page->word, *page->open);
	if (*play.at && play.accesses < PLAY_CAME)
		play.came[play.accesses++] = letters[came];
}

static void grant(enum model_page page, enum pks_access access)
{
	struct play_grants *g = &play.grants[play.model.running][model_key(page)];

	g->token[g->open++] = pks_grant(play.model.key[model_key(page)], access);
}

static void revoke(enum model_page page)
{
	struct play_grants *g = &play.grants[play.model.running][model_key(page)];

	pks_revoke(g->token[--g->open]);
}

static void call(struct step step, enum model_outcome expected)
{
	struct play_page *p = play.page[step.page];
	struct page *page = p->prot.page;
	u64 va = (u64)p->prot.va;

	switch (step.letter) {
	case STEP_KMAP:
		compare("address", va, (u64)kmap(page));
		break;
	case STEP_KUNMAP:
		kunmap(page);
		break;
	case STEP_LOCAL:
		compare("address", va, (u64)kmap_local_page(page));
		break;
	case STEP_LOCAL_READ:
		compare("address", va, (u64)kmap_local_page_read(page));
		break;
	case STEP_LOCAL_END:
		kunmap_local((void *)va);
		break;
	case STEP_THREAD:
		compare("address", va, (u64)kmap_thread(page));
		break;
	case STEP_THREAD_END:
		kunmap_thread(page);
		break;
	case STEP_GRANT:
	case STEP_GRANT_READ:
		grant(step.page, step.letter == STEP_GRANT ? PKS_WRITE : PKS_READ);
		break;
	case STEP_REVOKE:
		revoke(step.page);
		break;
	default:
		access(p, step.letter == STEP_WRITE, expected);
	}
}

void play_step(struct step step)
{
	if (!model_permits(&play.model, step.letter, step.page))
		return;
	call(step, model_step(&play.model, step.letter, step.page));
	play_compare();
	play.tally->steps++;
}

bool play_interrupt_handler(struct regs *regs)
{
	const char *program = interrupt_program(*play.at);

	(void)regs;
	model_interrupt_begins(&play.model);
	play_forget(MODEL_INTERRUPT);
	play_compare();
	while (*program)
		play_step(step_next(&program));
	play.interrupted = true;
	return true;
}

void play_interrupt(void)
{
	play.interrupted = false;
	apic_self_ipi(VECTOR_TEST);
	for (u32 spins = 0; !play.interrupted && spins < SPINS; spins++)
		cpu_relax();
	compare("interrupts", 1, play.interrupted);
	model_interrupt_ends(&play.model);
	play_compare();
	play.tally->interrupts++;
}

/* A stray access to the second page of the key shows which rights the context has. */
void play_compare_neighbour(void)
{
	play_step((struct step){ play.tried & 1 ? STEP_WRITE : STEP_READ, PAGE_SECOND });
}

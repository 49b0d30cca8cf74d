// SPDX-License-Identifier: MIT
/* Takes one step of a sequence and compares it with the model's. */
#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/local.h"
#include "kernel/lib/option_words.h"
#include "kernel/lib/printf.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
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
		   "case=%s pks=%s gate=%s pardon=%s marks=%s: %s: expected %s, seen %s, step %u, "
		   "in %s",
		   play.steps, pks_mode_name(play.policy.mode), pks_gate_name(play.policy.gate),
		   pks_scope_name(play.policy.scope), pks_marks_name(options.marks), what, expected,
		   seen, play.at + 1,
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

static u32 expected_pkrs(void)
{
	return pkrs_with(PKRS_INIT, PKS_KEY_DEVMAP, model_rights(&play.model));
}

/* A key that is open to all may be open in this register already, or not yet. */
static u32 register_less_lent(void)
{
	u32 seen = pkrs_register();

	if (model_key_is_open(&play.model) && seen == pkrs_with(seen, PKS_KEY_DEVMAP, 0))
		return pkrs_with(seen, PKS_KEY_DEVMAP, model_rights(&play.model));
	return seen;
}

void play_compare(void)
{
	const struct local *local = this_local();

	compare("IA32_PKRS", expected_pkrs(), register_less_lent());
	compare("cpu->pkrs", expected_pkrs(), rights_mirror());
	compare("the page's marks", play.model.marks, page_marks(play.page.page));
	compare("local maps", model_nested(&play.model), local->maps - local->base);
	compare("stepped instructions", 0, local->steps);
	compare("kunmaps without a mark", play.model.underflows,
		pks_mark_stats.underflows - play.underflows);
	compare("kunmap_locals without a map", play.model.not_mapped,
		kmap_stats.not_mapped - play.maps.not_mapped);
	compare("local maps left open", play.model.left_open,
		kmap_stats.left_open - play.maps.left_open);
	compare("other warnings", 0,
		kmap_stats.order - play.maps.order + kmap_stats.overflow - play.maps.overflow);
	compare("the neighbour's marks", 0, page_marks(play.neighbour.page));
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

/* Writes *value to *va, or reads it, and compares the outcome with `expected`. */
static enum model_outcome access(volatile u64 *va, bool write, u64 *value,
				 enum model_outcome expected)
{
	struct pks_stats before = pks_stats;
	enum model_outcome came;
	struct fault f;

	f = write ? touch_write(va, *value) : touch_read(va, value);
	if (f.vector != FAULT_NONE)
		compare_fault(f, (u64)va, write);
	came = outcome(f, &before);
	compare_outcome(expected, came, &before);
	count(came);
	return came;
}

static void access_page(bool write, enum model_outcome expected)
{
	static const char letters[] = { '-', 'f', 'p', 's', 'x' };
	u64 value = ++play.tried;
	enum model_outcome came = access(play.page.va, write, &value, expected);

	if (expected != MODEL_DIES && write)
		play.word = value;
	else if (expected != MODEL_DIES)
		compare("value read", play.word, value);
	compare("the page's word", play.word, *play.open);
	if (play.accesses < PLAY_CAME)
		play.came[play.accesses++] = letters[came];
}

void play_step(char step)
{
	enum model_outcome expected = model_step(&play.model, step);

	switch (step) {
	case STEP_KMAP:
		compare("address", (u64)play.page.va, (u64)kmap(play.page.page));
		break;
	case STEP_KUNMAP:
		kunmap(play.page.page);
		break;
	case STEP_LOCAL:
		compare("address", (u64)play.page.va, (u64)kmap_local_page(play.page.page));
		break;
	case STEP_LOCAL_READ:
		compare("address", (u64)play.page.va, (u64)kmap_local_page_read(play.page.page));
		break;
	case STEP_LOCAL_END:
		kunmap_local((void *)play.page.va);
		break;
	default:
		access_page(step == STEP_WRITE, expected);
	}
	play_compare();
	play.tally->steps++;
}

bool play_interrupt_handler(struct regs *regs)
{
	(void)regs;
	model_interrupt_begins(&play.model);
	play_compare();
	for (const char *s = interrupt_program(play.steps[play.at]); *s; s++)
		play_step(*s);
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

/* A stray access to another page of the key shows which rights the context has. */
void play_compare_neighbour(void)
{
	u64 value = ++play.tried;
	bool write = value & 1;

	access(play.neighbour.va, write, &value, model_neighbour(&play.model, write));
	play_compare();
}

// SPDX-License-Identifier: MIT
#include "tests/scenario/report.h"
#include "kernel/console/console.h"
#include "kernel/cpu/trace.h"
#include "kernel/lib/option_words.h"
#include "kernel/lib/options.h"
#include "kernel/trace/trace_dump.h"
#include "kernel/trace/trace_scenario.h"

static u32 id_of(const struct scenario *s)
{
	u32 id = 0;

	while (scenarios[id] != s)
		id++;
	return id;
}
_Static_assert(SCENARIO_COUNT <= TRACE_SCENARIOS, "TRACE_SCENARIOS");

/*
 * The trace gets a section for policies that differ in how long a key is open: gate=kmapped, no
 * RELAXED, whose warnings take time, and one scope for modes without pardons.
 */
static bool wants_section(struct pks_policy policy)
{
	if (policy.gate != PKS_GATE_KMAPPED || policy.mode == PKS_MODE_RELAXED)
		return false;
	return policy.mode == PKS_MODE_SILENT || policy.scope == PKS_SCOPE_CONTEXT;
}

static struct trace_scenario section(const struct scenario *s, struct pks_policy policy)
{
	return (struct trace_scenario){
		.id = id_of(s),
		.name = s->name,
		.policy = policy,
		.key = PKS_KEY_DEVMAP,
		.pages = SCENARIO_PAGES,
	};
}

/* The kmap check's warnings take time, which would spoil what is measured. */
static bool silent(void)
{
	return !options.trace || options.early;
}

static void print_policy(const char *what, const struct scenario *s, struct pks_policy policy)
{
	pr("# scenario %s pks=%s gate=%s pardon=%s %s:", s->name, pks_mode_name(policy.mode),
	   pks_gate_name(policy.gate), pks_scope_name(policy.scope), what);
}

void report_begin(const struct scenario *s, struct pks_policy policy)
{
	struct trace_scenario sec = section(s, policy);

	if (silent())
		return;
	print_policy("expects", s, policy);
	for (u32 n = 0; n < s->use_count; n++)
		pr(" %s", outcome_names[use_rule(policy, s->uses, n)]);
	pr("\n");
	if (wants_section(policy)) {
		trace_on = true;
		trace_scenario_begin(&sec);
	}
}

/* Which hints of a late report name the function that mapped the page; "-": no report, no mapper.
 */
static const char *hints(const struct use *use, const struct use_seen *seen)
{
	static const char *const names[2][2] = { { "nobody", "site" }, { "backtrace", "both" } };

	if (!use->mapper || seen->outcome == OUTCOME_FREE)
		return "-";
	return names[seen->backtrace][seen->site];
}

void report_end(const struct scenario *s, struct pks_policy policy, const struct use_seen *seen)
{
	struct trace_scenario sec = section(s, policy);

	if (silent())
		return;
	if (wants_section(policy)) {
		trace_scenario_end(&sec);
		trace_on = false;
	}
	print_policy("saw", s, policy);
	for (u32 n = 0; n < s->use_count; n++)
		pr(" %s/%s", outcome_names[seen[n].outcome], hints(&s->uses[n], &seen[n]));
	pr("\n");
}

void report_all_begin(void)
{
	if (options.trace)
		trace_clear();
}

void report_all_end(void)
{
	if (options.trace)
		trace_dump();
}

void report_kmap_check(const struct scenario *s, const struct kmap_check_seen *seen)
{
	if (options.trace)
		pr("# scenario %s early: kmap %lu page_address %lu mapped %u late %u\n", s->name,
		   seen->kmap, seen->page_address, seen->mapped, seen->late);
}

// SPDX-License-Identifier: MIT
/* Explains a fault: what the CPU reported, which right was missing, what the policy decided. */
#include "kernel/console/console.h"
#include "kernel/exception.h"
#include "kernel/lib/option_words.h"
#include "mm/stack.h"
#include "monitor/access.h"
#include "monitor/canonical.h"
#include "monitor/names.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "pks/policy/judge.h"

/* The access is over; the page or its key may have changed since, and with them the judgement. */
static void explain_policy(const struct access *a, const struct pks_judgement *judged)
{
	enum pks_reason reason = pks_judgement_reason(judged);
	bool needed_none = a->pardoned && reason == PKS_REASON_PERMITTED;
	bool agree = needed_none || a->pardoned == (judged->verdict != PKS_DIE);
	struct pks_policy policy = judged->policy;

	pr("  policy: mode %s, gate %s, pardon %s: %s; %s\n", pks_mode_name(policy.mode),
	   pks_gate_name(policy.gate), pks_scope_name(policy.scope),
	   needed_none   ? "no pardon, the access was made when it was repeated"
	   : a->pardoned ? "PARDON, and the access was made"
			 : "no pardon, the context would die",
	   agree ? pks_reason_text[reason] : "the page or its key has changed since");
}

static void explain_key(const struct access *a)
{
	u32 pkrs = (u32)a->fault.pkrs;
	struct pks_judgement judged =
		pks_judge(pks_policy_get(), pkrs, a->fault.addr, a->fault.error);
	u32 key = judged.at.key;

	if (!key)
		return; /* changed meanwhile: no access through key 0 is denied */
	pr("  key %u (%s): %s, by the context's rights %p"
	   "K\n",
	   key, pks_key_owner(key) ? pks_key_owner(key) : "nobody", rights_name(pkrs, key), &pkrs);
	if (a->decided)
		explain_policy(a, &judged);
	else
		pr("  policy: not asked, as it is a supervisor page\n");
}

static const char *page_fault_reason(const struct access *a)
{
	const struct fault *f = &a->fault;

	if (stack_guard_hit(f->addr))
		return "a stack's guard page";
	if (!(f->error & PF_P))
		return f->addr < PAGE_SIZE ? "nothing is mapped at NULL"
					   : "nothing is mapped there";
	if (f->error & PF_RSVD)
		return "a reserved bit is set in an entry of the page tables";
	if (f->error & PF_U && !a->user_page)
		return "the page is a supervisor page";
	return f->error & PF_W ? "the page is read-only"
			       : "a user page, which SMAP denies to the kernel";
}

void access_explain(const struct access *a)
{
	const struct fault *f = &a->fault;

	if (f->vector != X86_PF) {
		pr("%s, error code 0x%lx%s\n", exception_name(f->vector), f->error,
		   address_is_canonical(a->addr) ? "" : ": the address is not canonical");
		return;
	}
	pr("%s, error code 0x%lx %p"
	   "E at %016lx\n",
	   exception_name(f->vector), f->error, &f->error, f->addr);
	if (f->error & PF_PK)
		explain_key(a);
	else
		pr("  %s\n", page_fault_reason(a));
}

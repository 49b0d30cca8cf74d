// SPDX-License-Identifier: MIT
/* A fault in words: what the processor said, which right was lacking, what the policy made of it.
 */
#include "kernel/console/console.h"
#include "kernel/exception.h"
#include "kernel/lib/option_words.h"
#include "mm/pgtable.h"
#include "mm/stack.h"
#include "monitor/access.h"
#include "monitor/canonical.h"
#include "monitor/names.h"
#include "pks/keys.h"
#include "pks/policy/marks.h"
#include "pks/policy/policy.h"

static struct pks_page_state page_state(u64 addr)
{
	struct pgwalk walk;
	struct page *page = NULL;

	if (pgtable_walk(pgtable_current(), addr, &walk))
		page = phys_to_page(walk.pa);
	return (struct pks_page_state){
		.known = page,
		.devmap = page && page->flags & PG_DEVMAP,
		.marked = page && page_marks(page),
	};
}

/* Why the policy's verdict is as it is. */
static const char *reason(struct pks_page_state page)
{
	if (options.policy.mode == PKS_MODE_OFF || options.policy.mode == PKS_MODE_STRICT)
		return "this mode pardons nothing";
	if (!page.known)
		return "the address has no struct page";
	if (page.marked)
		return "the page is marked by kmap()";
	if (options.policy.gate == PKS_GATE_ANY)
		return page.devmap ? "the gate is open for all device memory"
				   : "the page is no device memory";
	return "the page is not marked by kmap()";
}

static void explain_key(const struct access *a)
{
	u32 pkrs = (u32)a->fault.pkrs;
	struct pgwalk walk;

	if (!pgtable_walk(pgtable_current(), a->fault.addr, &walk))
		return; /* changed meanwhile */
	pr("  key %u (%s): %s, by the context's rights %p"
	   "K\n",
	   walk.key, pks_key_owner(walk.key) ? pks_key_owner(walk.key) : "nobody",
	   rights_name(pkrs, walk.key), &pkrs);
	if (a->decided)
		pr("  policy: mode %s, gate %s, pardon %s: %s; %s\n",
		   pks_mode_name(options.policy.mode), pks_gate_name(options.policy.gate),
		   pks_scope_name(options.policy.scope),
		   a->pardoned ? "PARDON, and the access was made"
			       : "no pardon, the context would die",
		   reason(page_state(a->fault.addr)));
	else
		pr("  policy: not asked, as user mode has no business there\n");
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
		return "the page is not for user mode";
	return f->error & PF_W ? "the page is read-only" : "the page is closed to supervisors";
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

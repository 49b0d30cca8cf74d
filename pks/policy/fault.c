// SPDX-License-Identifier: MIT
#include "pks/policy/fault.h"
#include "kernel/console/console.h"
#include "kernel/console/warn_site.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/patch.h"
#include "kernel/cpu/trace.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/thread.h"
#include "pks/keys.h"
#include "pks/policy/global.h"
#include "pks/policy/judge.h"
#include "pks/policy/step.h"
#include "pks/rights.h"

#define COUNT(what) atomic_inc(&pks_stats.what)

struct pks_stats pks_stats;

u64 pks_fault_count(void)
{
	return READ_ONCE(pks_stats.faults);
}

static void enforce(void *arg)
{
	pkrs_enforce(*(const bool *)arg);
}

/*
 * Ends enforcement before it stores mode OFF, and begins enforcement after it stores another mode:
 * so a fault that meets mode OFF was raised before the change.
 */
static void change_mode(enum pks_mode mode)
{
	bool on = mode != PKS_MODE_OFF;

	trace(TRACE_MODE, options.policy.mode, mode);
	if (!on)
		ipi_run_on_all(enforce, &on);
	pks_changed(); /* first: a fault that sees the new mode must see this */
	WRITE_ONCE(options.policy.mode, mode);
	if (on)
		ipi_run_on_all(enforce, &on);
}

/*
 * Marks are counted under every scope, so the scope can change at any time; a pending step ends as
 * it began.
 */
int pks_policy_set(struct pks_policy policy)
{
	struct pks_policy old = pks_policy_get();
	bool new_mode = policy.mode != old.mode, new_scope = policy.scope != old.scope;

	if ((unsigned int)policy.mode >= PKS_MODES || (unsigned int)policy.gate >= PKS_GATES ||
	    (unsigned int)policy.scope >= PKS_SCOPES)
		return -EINVAL;
	if (new_mode)
		change_mode(policy.mode);
	WRITE_ONCE(options.policy.gate, policy.gate);
	WRITE_ONCE(options.policy.scope, policy.scope);
	if (old.scope == PKS_SCOPE_GLOBAL && (new_mode || new_scope))
		pks_global_recall(); /* what the old policy has lent */
	return 0;
}

struct warn_sites pks_warn_sites;

void pks_warnings_forget(void)
{
	warn_sites_forget(&pks_warn_sites);
}

/*
 * A fault can be older than the state that judges it: raised before the mode or a key was changed,
 * or by a translation that tlb_shootdown() had not reached yet, which the fault has dropped (SDM
 * Vol. 3A, "Operations that Invalidate TLBs and Paging-Structure Caches"). So the access is
 * repeated once for each change and page, on each CPU that the thread comes to. Any context on top
 * of the thread may write the note of this; a note that an NMI replaces costs one more repetition.
 */
static bool may_be_outdated(u64 addr)
{
	u64 flags = irq_save(), now = (u64)pks_changes() << 32 | this_cpu()->id;
	struct thread *t = current_thread();
	bool fresh = t && (t->pks_repeated != now || t->pks_repeated_page != addr >> PAGE_SHIFT);

	if (fresh) {
		t->pks_repeated = now;
		t->pks_repeated_page = addr >> PAGE_SHIFT;
	}
	irq_restore(flags);
	return fresh;
}

static __attribute__((noinline)) void warn(const struct regs *regs, u64 addr, struct pks_target at,
					   enum pks_reach reach)
{
	static const char *const until[] = {
		[PKS_REACH_CONTEXT] = "until this context ends",
		[PKS_REACH_INSTRUCTION] = "for this instruction",
		[PKS_REACH_ALL] = "as its key is open to all",
	};
	struct thread *t = current_thread();

	COUNT(warnings);
	trace(TRACE_WARN, addr, regs->rip);
	pr("# WARNING: access without rights, pardoned %s\n"
	   "#   address %016lx %p"
	   "E, page frame %lu, key %u (%s)\n"
	   "#   by %p"
	   "S in %s context, thread %u (%s)\n",
	   until[reach], addr, &regs->error, at.page ? page_to_pfn(at.page) : 0, at.key,
	   pks_key_owner(at.key), (void *)regs->rip, context_name(), t ? t->id : 0,
	   t ? t->name : "none");
	if (at.page && at.page->kmap_thread)
		pr("#   the page's last kmap() was by %p"
		   "S in thread %u\n",
		   (void *)(KERNEL_BASE | at.page->kmap_site), at.page->kmap_thread - 1);
}

/*
 * Lets the access through; if it cannot be stepped, then for the rest of its context. True: the
 * frame gets no right that outlives the instruction.
 */
static __attribute__((noinline)) bool pardon(struct regs *regs, u32 key, enum pks_reach reach)
{
	if (reach == PKS_REACH_ALL) {
		COUNT(global_lent);
		pks_global_lend(regs, key);
		return true;
	}
	if (reach == PKS_REACH_INSTRUCTION) {
		if (pks_step(regs, key)) {
			COUNT(steps);
			return true;
		}
		COUNT(steps_wide);
	}
	pks_open_key(regs, key);
	return false;
}

/*
 * The same for a key that can get another owner. Notes the pardon for pks_key_alloc(), in the step
 * where there is one; then looks whether the page still has the key. It may have lost it since it
 * was judged, and the key been freed and given to another. pks_key_alloc() looks for the note after
 * pages have lost the key, so one of the two sees what the other did: both have a locked
 * instruction in between. What comes too late is closed again, and the access judged anew.
 */
static __attribute__((noinline)) void pardon_dynamic(struct regs *regs, u64 addr, u32 key,
						     enum pks_reach reach)
{
	u32 before = (u32)regs_pkrs(regs), *noted = &this_local()->pardoned, old = *noted;

	atomic_or(1u << key, noted);
	if (pardon(regs, key, reach))
		smp_store_release(noted, old);
	if (pks_find_target(addr).key != key)
		regs_pkrs_set(regs, before);
}

bool pks_fault(struct regs *regs, u64 addr)
{
	struct pks_judgement judged =
		pks_judge(pks_policy_get(), (u32)regs_pkrs(regs), addr, regs->error);
	struct pks_target at = judged.at;

	if (unlikely(judged.permitted || judged.policy.mode == PKS_MODE_OFF) &&
	    may_be_outdated(addr))
		return true;
	PATCH_SITE(MAGIC_FAULT);
	COUNT(faults);
	trace(TRACE_FAULT, addr, regs->rip);
	if (judged.verdict == PKS_DIE) {
		COUNT(deaths);
		trace(TRACE_REFUSE, addr, at.key);
		return false;
	}
	if (judged.verdict == PKS_PARDON_WARN && unlikely(warn_site(&pks_warn_sites, regs->rip)))
		warn(regs, addr, at, judged.reach);
	PATCH_SITE(MAGIC_PARDON);
	COUNT(pardons);
	trace(TRACE_PARDON, addr, at.key);
	if (unlikely(at.key >= PKS_KEY_FIRST_DYNAMIC))
		pardon_dynamic(regs, addr, at.key, judged.reach);
	else
		pardon(regs, at.key, judged.reach);
	return true;
}

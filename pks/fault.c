// SPDX-License-Identifier: MIT
#include "pks/fault.h"
#include "kernel/console.h"
#include "kernel/context.h"
#include "kernel/ipi.h"
#include "kernel/magic.h"
#include "kernel/once.h"
#include "kernel/thread.h"
#include "kernel/trace.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "pks/keys.h"
#include "pks/rights.h"
#include "pks/unprotect.h"

#define COUNT(what) __atomic_add_fetch(&pks_stats.what, 1, __ATOMIC_RELAXED)

struct pks_stats pks_stats;

static void enforce(void *arg)
{
	pkrs_enforce(*(const bool *)arg);
}

/*
 * Enforcement ends before the mode is noted, and begins after: so a fault that meets mode OFF was
 * raised before. One caller at a time.
 */
void pks_mode_set(enum pks_mode mode)
{
	bool on = mode != PKS_MODE_OFF;

	if (mode != options.pks)
		trace(TRACE_MODE, options.pks, mode);
	if (!on)
		ipi_run_on_all(enforce, &on);
	options.pks = mode;
	pks_changed();
	if (on)
		ipi_run_on_all(enforce, &on);
}

void pks_gate_set(enum pks_gate gate)
{
	options.gate = gate;
}

int pks_scope_set(enum pks_scope scope)
{
	options.pardon = scope;
	return 0;
}

static struct once sites; /* that have been warned about */

void pks_warnings_forget(void)
{
	once_forget(&sites);
}

#if CONFIG_PKS

/* What lies at the address of a fault. */
struct target {
	struct page *page; /* NULL: no page of ours, or a user-mode address, which PKRU rules */
	u32 key;
};

static struct target walk_target(u64 addr)
{
	struct pgwalk walk;

	if (!pgtable_walk(pgtable_current(), addr, &walk) || walk.user)
		return (struct target){ NULL, 0 };
	return (struct target){ phys_to_page(walk.pa), walk.key };
}

/* The direct map's keys stand in struct page; any other address is walked. */
static struct target find_target(u64 addr)
{
	struct page *page = virt_to_page((void *)addr);

	return likely(page) ? (struct target){ page, page->pkey } : walk_target(addr);
}

/*
 * A fault can be older than what it is judged by: raised before the mode or a key was changed, or
 * by a translation that tlb_shootdown() had not reached. Once for each change, on each processor
 * that the thread comes to, the access is repeated. What is noted is written in any context on top
 * of the thread; one that an NMI's note replaces costs one repetition more.
 */
static bool may_be_outdated(u64 addr)
{
	u64 flags = irq_save(), now = (u64)pks_changes() << 32 | this_cpu()->id;
	struct thread *t = current_thread();
	bool fresh = t && t->pks_repeated != now;

	if (fresh) {
		t->pks_repeated = now;
		tlb_flush_page(addr);
	}
	irq_restore(flags);
	return fresh;
}

static struct pks_page_state page_state(const struct page *page)
{
	return (struct pks_page_state){
		.known = page,
		.devmap = page && page->flags & PG_DEVMAP,
		.unprotected = page && pks_is_unprotected(page),
	};
}

static void warn_once(const struct regs *regs, u64 addr, struct target at)
{
	struct thread *t = current_thread();
	bool last;

	if (!once_first(&sites, regs->rip, &last))
		return;
	COUNT(warnings);
	trace(TRACE_WARN, addr, regs->rip);
	pr("# WARNING: unprotected access, pardoned until this context ends\n"
	   "#   address %016lx %p"
	   "E, page frame %lu, key %u (%s)\n"
	   "#   by %p"
	   "S in %s context, thread %u (%s)\n",
	   addr, &regs->error, page_to_pfn(at.page), at.key, pks_key_owner(at.key),
	   (void *)regs->rip, context_name(), t ? t->id : 0, t ? t->name : "none");
	if (at.page->kmap_thread)
		pr("#   the page's last kmap() was by %p"
		   "S in thread %u\n",
		   (void *)(KERNEL_BASE | at.page->kmap_site), at.page->kmap_thread - 1);
	if (last)
		pr("#   too many call sites: further ones are pardoned without a warning\n");
}

bool pks_fault(struct regs *regs, u64 addr)
{
	enum pks_access access = regs->error & PF_W ? PKS_WRITE : PKS_READ;
	struct target at = find_target(addr);
	enum pks_verdict verdict;
	bool permitted;

	if (pkrs_permits((u32)regs->pkrs, at.key, access))
		at = walk_target(addr); /* while a key changes, struct page is behind the tables */
	permitted = pkrs_permits((u32)regs->pkrs, at.key, access);
	if (unlikely(permitted || options.pks == PKS_MODE_OFF) && may_be_outdated(addr))
		return true;
	MAGIC_SITE(MAGIC_FAULT);
	COUNT(faults);
	trace(TRACE_FAULT, addr, regs->rip);
	verdict = pks_policy(options.pks, pks_page_open(options.gate, page_state(at.page)));
	/*
	 * Where the frame's rights permit the access, and yet it faulted, a pardon would only
	 * repeat the fault for ever: a key was changed without a flush, or the machine is wrong.
	 */
	if (verdict == PKS_DIE || permitted) {
		COUNT(deaths);
		trace(TRACE_REFUSE, addr, at.key);
		return false;
	}
	if (verdict == PKS_PARDON_WARN)
		warn_once(regs, addr, at);
	MAGIC_SITE(MAGIC_PARDON);
	COUNT(pardons);
	trace(TRACE_PARDON, addr, at.key);
	pks_update_exception(regs, at.key, PKS_READWRITE);
	return true;
}

#else

bool pks_fault(struct regs *regs, u64 addr)
{
	(void)regs;
	(void)addr;
	return false;
}

#endif

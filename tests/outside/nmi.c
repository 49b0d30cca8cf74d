// SPDX-License-Identifier: MIT
/* What the injected NMI does. It may stand between any two instructions of the round. */
#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "kernel/nmi_stack.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"
#include "tests/harness/probe.h"
#include "tests/outside/outside.h"

static struct {
	u32 steps;
	bool running;
} nmi;

static void does_nothing(void)
{
}

/* For the context that it interrupted, too: a context's maps are its own. */
static void maps(void)
{
	volatile u64 *a = kmap_local_page(pages.nmi.page), *b;

	*a = 5;
	b = kmap_local_page_read(pages.closed.page);
	EXPECT_EQ(*b, 0);
	kunmap_local((void *)b);
	kmap(pages.nmi.page);
	kunmap(pages.nmi.page);
	EXPECT_EQ(*a, 5);
	kunmap_local((void *)a);
	EXPECT_DENIED(&pages.closed);
	EXPECT_DENIED(&pages.nmi);
}

static void is_pardoned(void)
{
	EXPECT_NO_FAULT(policy_write(pages.marked.va), "the page is marked");
	EXPECT_PAGE_FAULT(policy_write(pages.closed.va), PF_P | PF_W | PF_PK, pages.closed.va,
			  "the page is not marked");
}

/* Where TF = 1 is not possible, the first step's end takes it away. */
static void steps(void)
{
	u64 sp;

	asm volatile("mov %%rsp, %0" : "=r"(sp));
	nmi.steps = 0;
	asm volatile("pushfq; orq %0, (%%rsp); popfq; nop" : : "i"(RFLAGS_TF) : "memory", "cc");
	EXPECT_PAGE_FAULT(policy_read(pages.closed.va), PF_P | PF_PK, pages.closed.va,
			  "the page is not marked");
	asm volatile("pushfq; andq %0, (%%rsp); popfq" : : "i"(~RFLAGS_TF) : "memory", "cc");
	if (nmi_stack_alone(sp))
		EXPECT(nmi.steps > 8);
	else
		EXPECT_EQ(nmi.steps, 1);
	EXPECT_EQ(read_dr6() & DR6_BS, 0);
}

/* The loan stays when the handler ends: the NMI's exit ends it. */
static void lends(void)
{
	u64 value;

	pkrs_lend(PKRS_INIT, pkrs_mask(pages.marked.page->pkey));
	EXPECT_NO_FAULT(probe_read(pages.marked.va, &value), "the key is lent");
	EXPECT_EQ(rights_mirror(), PKRS_INIT);
}

bool outside_nmi(struct regs *regs)
{
	static void (*const handlers[OUTSIDE_HANDLERS])(void) = { does_nothing, maps, is_pardoned,
								  steps, lends };

	outside.nmis++;
	outside.rip = regs->rip;
	nmi.running = true;
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_EQ(read_flags() & (RFLAGS_IF | RFLAGS_DF | RFLAGS_AC | RFLAGS_TF), 0);
	if (outside.handler < OUTSIDE_HANDLERS)
		handlers[outside.handler]();
	nmi.running = false;
	return true;
}

bool outside_debug(struct regs *regs)
{
	(void)regs;
	EXPECT_OUTSIDE(PKRS_INIT);
	nmi.steps += nmi.running;
	write_dr6(read_dr6() & ~(u64)DR6_BS);
	return true;
}

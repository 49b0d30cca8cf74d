// SPDX-License-Identifier: MIT
#include "tests/pks/key_holder.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "mm/kmap/kmap_warn.h"
#include "pks/keys.h"
#include "tests/harness/nested.h"

struct prot_page page;
u32 key;
static bool holds, may_end;

u32 take_keys(void)
{
	u32 taken = 0;
	int k;

	while ((k = pks_key_alloc("holder")) >= 0)
		taken |= 1u << k;
	EXPECT_EQ(taken, 0xfff8);
	return taken;
}

void give_keys(u32 taken)
{
	for (u32 k = 0; k < PKS_KEYS; k++)
		if (taken & 1u << k)
			EXPECT_EQ(pks_key_free(k), 0);
}

void stay(void)
{
	smp_store_release(&holds, true);
	while (!smp_load_acquire(&may_end)) {
		if (in_interrupt())
			cpu_relax();
		else
			thread_yield();
	}
}

/* The page's key cannot change while another CPU has interrupts off. */
void stay_inside(struct regs *regs)
{
	(void)regs;
	irq_enable();
	stay();
}

void be_pardoned(void)
{
	EXPECT_NO_FAULT(policy_write(page.va), "a marked page is pardoned");
}

static bool stay_and_skip(struct regs *regs)
{
	stay_inside(regs);
	irq_disable();
	regs->rip += 2;
	return true;
}

struct thread *begin(struct cpu *cpu, int (*fn)(void *), void *arg)
{
	struct thread *t = thread_prepare("holder", fn, arg);

	holds = false;
	may_end = false;
	if (!EXPECT(t))
		return NULL;
	t->pinned = cpu;
	thread_launch(t);
	while (!smp_load_acquire(&holds))
		thread_yield();
	return t;
}

void end(struct thread *t)
{
	smp_store_release(&may_end, true);
	thread_join(t);
}

void free_key(bool open)
{
	u64 before;

	marked_page_put(&page);
	EXPECT_EQ(pks_key_free(key), 0);
	before = kmap_stats.key_open;
	EXPECT_EQ(pks_key_alloc("next"), open ? -ENOSPC : (int)key);
	EXPECT_EQ(kmap_stats.key_open - before, open); /* reported */
}

void with_all_keys(void (*fn)(void))
{
	trap_hook_t bp = nested_begin(), gp = trap_hook_set(X86_GP, stay_and_skip);
	u32 taken = take_keys();

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	fn();
	give_keys(taken);
	trap_hook_set(X86_GP, gp);
	nested_end(bp);
}

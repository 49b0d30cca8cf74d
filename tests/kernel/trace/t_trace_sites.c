// SPDX-License-Identifier: MIT
/*
 * The events that trace=on adds: rights written, threads switched, contexts entered and left, each
 * with the new rights. Without trace=on these tests are skipped.
 */
#define KTEST_SUITE "trace"

#include "kernel/console/console.h"
#include "kernel/cpu/trace.h"
#include "kernel/lib/string.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"

static struct trace_event events[TRACE_EVENTS]; /* the running test's ring */
static struct trace_ring ring, *ring_before;
static u32 cpu;

static bool capture_begin(void)
{
	if (!options.trace) {
		ktest_skip("needs trace=on");
		return false;
	}
	memset(events, 0, sizeof(events));
	ring = (struct trace_ring){ .length = TRACE_EVENTS, .events = events };
	cpu = this_cpu()->id;
	ring_before = trace_attach(cpu, &ring);
	return true;
}

static void capture_end(void)
{
	trace_attach(cpu, ring_before);
	EXPECT(ring.head < TRACE_EVENTS);
}

/* Returns the index of the first event from `from` on with this type and a; the head: none. */
static u32 find(u32 from, enum trace_type type, u64 a)
{
	while (from < ring.head && !(events[from].type == type && events[from].a == a))
		from++;
	return from;
}

static void a_rights_write_is_traced(void)
{
	extern const char text_start[], text_end[];
	struct pks_token token;
	u64 flags;
	u32 first;

	if (!capture_begin())
		return;
	flags = irq_save();
	first = (u32)ring.head;
	token = pks_grant(KEY_A, PKS_WRITE);
	pks_grant(KEY_A, PKS_READ); /* changes nothing, so no event is traced */
	pks_revoke(token);
	irq_restore(flags);
	capture_end();
	EXPECT(ring.head >= first + 2);
	for (u32 i = 0; i < 2; i++) {
		const struct trace_event *e = &events[first + i];

		EXPECT_EQ(e->type, TRACE_RIGHTS);
		EXPECT_EQ(e->a, i ? PKRS_INIT : WITH_KEY(KEY_A));
		EXPECT(e->b > (u64)text_start && e->b < (u64)text_end);
	}
}
KTEST(a_rights_write_is_traced, KT_PKS);

static u32 changed; /* set by the assembly below if a register or flag changed */

/* Calls the trampoline with a value in each caller-saved register and checks them afterwards. */
static void call_trampoline(void)
{
	changed = 0;
	asm volatile("movq $0x101, %%rax; movq $0x102, %%rcx; movq $0x103, %%rdx\n\t"
		     "movq $0x104, %%rsi; movq $0x105, %%rdi; movq $0x106, %%r8\n\t"
		     "movq $0x107, %%r9; movq $0x108, %%r10; movq $0x109, %%r11\n\t"
		     "cmpq %%rax, %%rax\n\t"
		     "stc\n\t"
		     "call trace_rights_trampoline\n\t"
		     "jnc 1f\n\t"
		     "jne 1f\n\t"
		     "cmpq $0x101, %%rax; jne 1f; cmpq $0x102, %%rcx; jne 1f\n\t"
		     "cmpq $0x103, %%rdx; jne 1f; cmpq $0x104, %%rsi; jne 1f\n\t"
		     "cmpq $0x105, %%rdi; jne 1f; cmpq $0x106, %%r8; jne 1f\n\t"
		     "cmpq $0x107, %%r9; jne 1f; cmpq $0x108, %%r10; jne 1f\n\t"
		     "cmpq $0x109, %%r11; je 2f\n\t"
		     "1: incl %0\n\t"
		     "2:"
		     : "+m"(changed)
		     :
		     : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
}

/* At a patch site no register is free. */
static void the_trampoline_changes_no_register(void)
{
	u64 flags;
	u32 first;

	if (!capture_begin())
		return;
	flags = irq_save();
	first = (u32)ring.head;
	call_trampoline();
	irq_restore(flags);
	capture_end();
	EXPECT_EQ(changed, 0);
	EXPECT_EQ(events[first].type, TRACE_RIGHTS);
}
KTEST(the_trampoline_changes_no_register, KT_PKS);

/* Takes rights of its own, sets *arg and yields. */
static int hold_and_yield(void *arg)
{
	irq_disable();
	rights_set(WITH_KEY(KEY_B));
	*(volatile bool *)arg = true;
	thread_yield();
	irq_enable();
	return 0;
}

/*
 * Returns the index of the first switch from `from` on to thread `to` with these rights; the head:
 * none. A tick may have caused other switches.
 */
static u64 find_switch(u64 from, u64 to, u32 rights)
{
	while (from < ring.head && !(events[from].type == TRACE_SWITCH &&
				     (u32)events[from].a == to && (u32)events[from].b == rights))
		from++;
	return from;
}

/* Interrupts are off: a preempted thread switches with its interrupt's rights, not its own. */
static void a_switch_is_traced(void)
{
	u64 me = current_thread()->id, t_id, i, back, again, flags;
	volatile bool holding = false;
	struct thread *t;

	if (!capture_begin())
		return;
	flags = irq_save();
	t = thread_create("switched to", hold_and_yield, (void *)&holding);
	if (!EXPECT(t)) {
		irq_restore(flags);
		return;
	}
	t_id = t->id;
	rights_set(WITH_KEY(KEY_A));
	while (!holding) /* a tick may switch back to us earlier */
		thread_yield();
	irq_restore(flags);
	thread_join(t);
	rights_set(PKRS_INIT);
	capture_end();
	EXPECT(find(0, TRACE_THREAD, t_id) < ring.head);
	EXPECT(!memcmp(&events[find(0, TRACE_THREAD, t_id)].b, "switched", 8));
	i = find_switch(0, t_id, PKRS_INIT);
	back = find_switch(i, me, WITH_KEY(KEY_A));
	again = find_switch(back, t_id, WITH_KEY(KEY_B));
	if (!EXPECT(i < back && back < again && again < ring.head))
		return;
	EXPECT_EQ(events[i].a >> 32, me);
	for (i = again + 1; i < ring.head && events[i].a >> 32 != t_id; i++)
		;
	EXPECT(i < ring.head && events[i].type == TRACE_SWITCH);
	EXPECT_EQ(events[i].b >> 32, THREAD_DEAD);
}
KTEST(a_switch_is_traced, KT_PKS | KT_ONE_CPU);

static void open_key_b(void *arg)
{
	(void)arg;
	pks_grant(KEY_B, PKS_WRITE); /* ends with the context */
}

/* ENTER records the outer and the initial rights, LEAVE the outer ones that are restored. */
static void contexts_are_traced(void)
{
	static const struct {
		enum test_context context;
		u64 what; /* 0: TRACE_SOFTIRQ + the softirq's number */
	} kinds[] = {
		{ IN_EXCEPTION, X86_BP }, { IN_NMI, X86_NMI },     { IN_MC, X86_MC },
		{ IN_SOFTIRQ, 0 },        { IN_WORK, TRACE_WORK },
	};

	if (!capture_begin())
		return;
	rights_set(WITH_KEY(KEY_A));
	for (u32 k = 0; k < ARRAY_SIZE(kinds); k++) {
		u32 outer = kinds[k].context == IN_WORK ? PKRS_INIT : WITH_KEY(KEY_A);
		u64 what = kinds[k].what;
		u32 in, opened, out;

		memset(events, 0, sizeof(events));
		ring.head = 0;
		run_in(kinds[k].context, open_key_b, NULL);
		for (in = 0; !what && in < ring.head; in++)
			if (events[in].type == TRACE_ENTER && events[in].a >= TRACE_SOFTIRQ)
				what = events[in].a;
		in = find(0, TRACE_ENTER, what);
		opened = find(in, TRACE_RIGHTS, WITH_KEY(KEY_B));
		out = find(opened, TRACE_LEAVE, what);
		if (!EXPECT(in < opened && opened < out && out < ring.head)) {
			pr("    # %s\n", test_context_name(kinds[k].context));
			continue;
		}
		EXPECT_EQ(events[in].b, (u64)PKRS_INIT << 32 | outer);
		EXPECT_EQ(events[out].b, outer);
		EXPECT(events[in].tsc < events[out].tsc);
	}
	rights_set(PKRS_INIT);
	capture_end();
}
KTEST(contexts_are_traced, KT_PKS | KT_ONE_CPU);

/* LEAVE of the page fault records the rights that the pardon put into its frame. */
static void the_exit_of_a_pardoned_fault_is_traced(void)
{
	struct prot_page p;
	u32 pardon, leave;

	if (!options.trace) {
		ktest_skip("needs trace=on");
		return;
	}
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!marked_page(&p, PKS_KEY_DEVMAP))
		return;
	capture_begin();
	EXPECT_NO_FAULT(policy_write(p.va), "a pardon");
	rights_set(PKRS_INIT);
	capture_end();
	marked_page_put(&p);
	pardon = find(0, TRACE_PARDON, (u64)p.va);
	leave = find(pardon, TRACE_LEAVE, X86_PF);
	if (EXPECT(find(0, TRACE_ENTER, X86_PF) < pardon && leave < ring.head))
		EXPECT_EQ(events[leave].b, WITH_KEY(PKS_KEY_DEVMAP));
}
KTEST(the_exit_of_a_pardoned_fault_is_traced, KT_PKS);

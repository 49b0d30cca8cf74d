// SPDX-License-Identifier: MIT
/* The trace: what it records, that lost events are reported, that NMIs do not corrupt it. */
#define KTEST_SUITE "trace"

#include "kernel/cpu/trace.h"
#include "kernel/exception.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap.h"
#include "tests/harness/fixture.h"

static struct trace_event events[TRACE_EVENTS]; /* the running test's ring */
static struct trace_ring ring;

static struct {
	struct trace_ring *ring;
	bool on;
	u32 cpu;
} before;

/* Skips the test under trace=on, where each trap adds events: these tests count every event. */
static bool traced_anyway(void)
{
	if (options.trace)
		ktest_skip("trace=on: other events come in between");
	return options.trace;
}

static void trace_begin(void)
{
	memset(events, 0, sizeof(events));
	ring = (struct trace_ring){ .length = TRACE_EVENTS, .events = events };
	before.on = trace_on;
	before.cpu = this_cpu()->id;
	before.ring = trace_attach(before.cpu, &ring);
	trace_on = true;
}

static void trace_end(void)
{
	trace_on = before.on;
	trace_attach(before.cpu, before.ring);
}

static void events_are_kept_in_order(void)
{
	struct trace_event first, second;

	if (traced_anyway())
		return;
	trace_begin();
	trace(TRACE_MARK, 1, 2);
	trace(TRACE_MARK, ~0ULL, 1ULL << 63);
	trace_end();
	trace(TRACE_MARK, 3, 3); /* goes to the ring before */
	EXPECT_EQ(ring.head, 2);
	trace_attach(before.cpu, &ring);
	EXPECT_EQ(trace_count(before.cpu), 2);
	EXPECT(trace_read(before.cpu, 1, &first) && trace_read(before.cpu, 2, &second));
	EXPECT(!trace_read(before.cpu, 0, &first) && !trace_read(before.cpu, 3, &first));
	trace_attach(before.cpu, before.ring);
	EXPECT_EQ(first.type, TRACE_MARK);
	EXPECT(first.a == 1 && first.b == 2 && second.a == ~0ULL && second.b == 1ULL << 63);
	EXPECT(first.tsc < second.tsc);
}
KTEST(events_are_kept_in_order, 0);

static void off_keeps_nothing(void)
{
	if (traced_anyway())
		return;
	trace_begin();
	trace_on = false;
	trace(TRACE_MARK, 1, 1);
	trace_on = true;
	trace_attach(before.cpu, NULL);
	trace(TRACE_MARK, 2, 2); /* a CPU without a ring */
	EXPECT_EQ(trace_count(before.cpu), 0);
	trace_end();
	EXPECT_EQ(ring.head, 0);
}
KTEST(off_keeps_nothing, 0);

/* The newest events stay whole; trace_read() fails for the numbers of overwritten ones. */
static void overwritten_events_are_reported_as_lost(void)
{
	struct trace_event e;
	u32 lost = 0, wrong = 0;

	if (traced_anyway())
		return;
	trace_begin();
	for (u64 i = 1; i <= TRACE_EVENTS + 44; i++)
		trace(TRACE_MARK, i, ~i);
	for (u64 i = 1; i <= TRACE_EVENTS + 44; i++) {
		if (!trace_read(before.cpu, i, &e))
			lost++;
		else if (e.a != i || e.b != ~i || i <= 44)
			wrong++;
	}
	EXPECT_EQ(trace_count(before.cpu), TRACE_EVENTS + 44);
	trace_end();
	EXPECT_EQ(lost, 44);
	EXPECT_EQ(wrong, 0);
}
KTEST(overwritten_events_are_reported_as_lost, 0);

/* Calls trace_record() and runs `hook` after each of its instructions. */
static void record_in_steps(trap_hook_t hook)
{
	hook = trap_hook_set(X86_DB, hook);
	asm volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(RFLAGS_TF) : "memory", "cc");
	trace_record(TRACE_MARK, 1ULL << 32, ~(1ULL << 32));
	asm volatile("pushfq; andq %0, (%%rsp); popfq" : : "i"(~RFLAGS_TF) : "memory", "cc");
	trap_hook_set(X86_DB, hook);
}

static u32 steps, halves; /* counted by the #DB hooks */

static bool record_another(struct regs *regs)
{
	(void)regs;
	steps++;
	trace_record(TRACE_MARK, steps, ~(u64)steps);
	return true;
}

/*
 * After each instruction of trace_record() a hook records another event, as an NMI could. Each
 * event must get a number of its own and be whole.
 */
static void nested_events_stay_whole(void)
{
	struct trace_event e = { 0 };
	u32 whole = 0, outer = 0;

	if (traced_anyway())
		return;
	trace_begin();
	steps = 0;
	record_in_steps(record_another);
	for (u64 i = 1; i <= ring.head; i++) {
		if (trace_read(before.cpu, i, &e) && e.a == ~e.b)
			whole++;
		outer += e.a == 1ULL << 32;
	}
	trace_end();
	EXPECT(steps > 20 && steps < TRACE_EVENTS - 1);
	EXPECT_EQ(ring.head, steps + 1);
	EXPECT_EQ(whole, steps + 1);
	EXPECT_EQ(outer, 1);
}
KTEST(nested_events_stay_whole, 0);

static bool read_meanwhile(struct regs *regs)
{
	struct trace_event e;

	(void)regs;
	steps++;
	/* Its stamp says that the old event is whole: a reader on another CPU believes that. */
	if (smp_load_acquire(&events[0].stamp) == 1 && (events[0].a != 1 || events[0].b != ~1ULL))
		halves++;
	if (trace_read(before.cpu, 1, &e) && (e.a != 1 || e.b != ~1ULL))
		halves++;
	if (trace_read(before.cpu, TRACE_EVENTS + 1, &e) && (e.a != 1ULL << 32 || e.a != ~e.b))
		halves++;
	return true;
}

/* A slot that is overwritten holds the old event, then none, then the new one. */
static void no_half_written_event_is_read(void)
{
	if (traced_anyway())
		return;
	trace_begin();
	for (u64 i = 1; i <= TRACE_EVENTS; i++)
		trace(TRACE_MARK, i, ~i);
	steps = halves = 0;
	record_in_steps(read_meanwhile);
	trace_end();
	EXPECT(steps > 20);
	EXPECT_EQ(halves, 0);
}
KTEST(no_half_written_event_is_read, 0);

/*
 * The slots of events 1 and 2 belong to events 5 and 6 but carry old stamps: as if NMIs had filled
 * the ring while an older event was being written, whose stamp came last.
 */
static void a_reused_slot_is_not_read(void)
{
	struct trace_event e;
	u32 read = 0;

	trace_begin();
	trace_on = false; /* the ring is filled by hand */
	ring.length = 4;
	for (u64 i = 0; i < ring.length; i++)
		events[i].stamp = i + 1;
	ring.head = 6;
	for (u32 i = 0; i <= 8; i++)
		read |= (u32)trace_read(before.cpu, i, &e) << i;
	ring.head = 4;
	for (u32 i = 0; i <= 8; i++)
		read |= (u32)trace_read(before.cpu, i, &e) << (16 + i);
	trace_end();
	EXPECT_EQ(read & 0xffff, 1 << 3 | 1 << 4);
	EXPECT_EQ(read >> 16, 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4);
}
KTEST(a_reused_slot_is_not_read, 0);

static void mark_some(void *arg)
{
	for (u64 i = 0; i < 3; i++)
		trace(TRACE_MARK, (u64)arg, i);
}

static void every_context_can_trace(void)
{
	if (traced_anyway())
		return;
	trace_begin();
	for (u32 c = IN_THREAD; c < TEST_CONTEXTS; c++) {
		struct trace_event e;
		u64 head = ring.head;

		run_in((enum test_context)c, mark_some, (void *)(u64)(c + 100));
		EXPECT_EQ(ring.head, head + 3);
		EXPECT(trace_read(before.cpu, head + 1, &e) && e.a == c + 100 && e.b == 0);
		EXPECT(trace_read(before.cpu, head + 3, &e) && e.a == c + 100 && e.b == 2);
	}
	trace_end();
}
KTEST(every_context_can_trace, 0);

/* The ring holds exactly these types, in this order. */
static void expect_types(const enum trace_type *types, u32 n)
{
	EXPECT_EQ(ring.head, n);
	for (u32 i = 0; i < n && i < ring.head; i++)
		EXPECT_EQ(ring.events[i].type, types[i]);
}

static void a_pardon_is_traced(void)
{
	static const enum trace_type want[] = { TRACE_KEY,    TRACE_MODE,   TRACE_KMAP, TRACE_FAULT,
						TRACE_PARDON, TRACE_KUNMAP, TRACE_KEY };
	struct prot_page p;
	u64 pfn;

	if (traced_anyway())
		return;
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	trace_begin();
	if (prot_page_get(&p, PKS_KEY_DEVMAP)) {
		pfn = page_to_pfn(p.page);
		policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
		kmap(p.page);
		EXPECT_NO_FAULT(policy_write(p.va), "a pardon");
		kunmap(p.page);
		prot_page_put(&p);
		expect_types(want, ARRAY_SIZE(want));
		EXPECT_EQ(ring.events[0].a, p.va);
		EXPECT_EQ(ring.events[0].b, 1 << 8 | PKS_KEY_DEVMAP);
		EXPECT_EQ(ring.events[1].a, PKS_MODE_STRICT);
		EXPECT_EQ(ring.events[1].b, PKS_MODE_SILENT);
		EXPECT_EQ(ring.events[2].a, pfn);
		EXPECT_EQ(ring.events[3].a, p.va);
		EXPECT_EQ(ring.events[4].b, PKS_KEY_DEVMAP);
		EXPECT_EQ(ring.events[6].b, 1 << 8);
	}
	trace_end();
}
KTEST(a_pardon_is_traced, KT_PKS);

static int die_of_null(void *arg)
{
	(void)arg;
	asm volatile("movq 0, %%rax" : : : "rax", "memory");
	return 0;
}

static void a_refusal_and_a_death_are_traced(void)
{
	static const enum trace_type want[] = { TRACE_FAULT, TRACE_REFUSE, TRACE_DEATH };
	struct prot_page p;
	struct thread *t;

	if (traced_anyway())
		return;
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	if (!prot_page_get(&p, PKS_KEY_DEVMAP))
		return;
	trace_begin();
	EXPECT(policy_read(p.va).vector == X86_PF);
	t = thread_prepare("dies", die_of_null, NULL);
	if (EXPECT(t)) {
		t->expects_death = true;
		thread_launch(t);
		thread_join(t);
	}
	trace_end();
	prot_page_put(&p);
	expect_types(want, ARRAY_SIZE(want));
	EXPECT_EQ(ring.events[1].b, PKS_KEY_DEVMAP);
	EXPECT_EQ(ring.events[2].b, X86_PF);
}
KTEST(a_refusal_and_a_death_are_traced, KT_PKS);

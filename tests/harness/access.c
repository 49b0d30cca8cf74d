// SPDX-License-Identifier: MIT
#include "tests/harness/access.h"
#include "kernel/cpu/x86.h"
#include "kernel/lib/printf.h"
#include "pks/pkrs.h"
#include "tests/harness/probe.h"

#define PATTERN 0x1122334455667788
#define OPERAND 0x0101010101010101

u32 rights_now(void)
{
	u64 flags = irq_save();
	u32 mirror = (u32)this_cpu()->pkrs, real = pkrs_register();

	irq_restore(flags);
	EXPECT_EQ(mirror, real);
	return real;
}

/*
 * Writes `pkrs` to the register and makes one data access in the next instruction. A read loads
 * into *value, a write stores *value, a modify adds it. Interrupts off.
 */
static struct fault access_after_wrmsr(u32 pkrs, enum oracle_access kind, volatile void *p,
				       u64 *value)
{
	switch (kind) {
	case ORACLE_READ:
		return probe_wrmsr_read(pkrs, p, value);
	case ORACLE_WRITE:
		return probe_wrmsr_write(pkrs, p, value);
	case ORACLE_MODIFY:
		return probe_wrmsr_add(pkrs, p, value);
	default:
		ktest_error("access kind %u is not a data access", kind);
		return (struct fault){ 0 };
	}
}

struct thread_end run_in_space(u64 cr3, int (*fn)(void *), void *arg)
{
	struct thread *t = thread_prepare("in space", fn, arg);

	if (!t) {
		ktest_error("no memory for a thread");
		return (struct thread_end){ 0 };
	}
	t->cr3 = cr3;
	t->expects_death = true;
	thread_launch(t);
	return thread_join(t);
}

struct thread_end run_in_user_mode(struct uspace *us, void (*program)(u64), u64 arg)
{
	u64 flags = irq_save();
	struct thread *t = uspace_thread(us, "user", program, arg);

	if (t)
		t->expects_death = true; /* before it can run */
	irq_restore(flags);
	if (!t) {
		ktest_error("no memory for a thread");
		return (struct thread_end){ 0 };
	}
	return thread_join(t);
}

static int call_it(void *p)
{
	((void (*)(void))p)();
	return 0;
}

struct fault probe_fetch(u64 cr3, const volatile void *p)
{
	struct thread_end end = run_in_space(cr3, call_it, (void *)p);

	if (!end.died)
		return (struct fault){ .vector = FAULT_NONE };
	if (end.rip != (u64)p)
		ktest_error("the fetch of %p died at %p", (void *)p, (void *)end.rip);
	return end.fault;
}

struct oracle_cpu oracle_cpu_now(u32 pkrs)
{
	u64 cr0 = read_cr0(), cr4 = read_cr4();

	return (struct oracle_cpu){
		.pkrs = pkrs,
		.cr4_pks = cr4 & CR4_PKS,
		.cr4_pke = cr4 & CR4_PKE,
		.cr0_wp = cr0 & CR0_WP,
		.cr4_smep = cr4 & CR4_SMEP,
		.cr4_smap = cr4 & CR4_SMAP,
		.ac = read_flags() & RFLAGS_AC,
	};
}

bool expect_verdict(const char *file, int line, struct fault f, struct oracle_verdict want,
		    u64 addr, const char *rule)
{
	if (!want.fault)
		return expect_no_fault(file, line, f, rule);
	f.error &= ~(u64)want.unsettled;
	return expect_page_fault(file, line, f, want.error & ~want.unsettled, addr, rule);
}

static u64 content_after(enum oracle_access kind, bool denied)
{
	if (denied || kind == ORACLE_READ)
		return PATTERN;
	return kind == ORACLE_WRITE ? OPERAND : PATTERN + OPERAND;
}

void trial(const struct trial *t, enum oracle_access kind, u32 judged)
{
	static const char *const names[] = { "read", "write", "read-modify-write", "fetch" };
	struct oracle_verdict want = oracle(oracle_cpu_now(t->pkrs), t->page, kind);
	u64 value = OPERAND;
	struct fault f;
	char rule[128];

	want.unsettled |= ~judged;
	*t->alias = PATTERN;
	f = access_after_wrmsr(t->pkrs, kind, t->p, &value);
	ksnprintf(rule, sizeof(rule), "%s (%s, key %u, PKRS %08x)", t->rule, names[kind],
		  t->page.key, t->pkrs);
	if (!EXPECT_VERDICT(f, want, t->p, rule))
		return;
	EXPECT_EQ(*t->alias, content_after(kind, want.fault));
	if (want.fault)
		EXPECT_EQ(f.pkrs, t->pkrs);
	else if (kind == ORACLE_READ)
		EXPECT_EQ(value, PATTERN);
}

void trial_data(const struct trial *t)
{
	trial(t, ORACLE_READ, ~0u);
	trial(t, ORACLE_WRITE, ~0u);
	trial(t, ORACLE_MODIFY, ~(u32)PF_W);
}

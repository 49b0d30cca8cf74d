// SPDX-License-Identifier: MIT
#include "tests/harness/fixture.h"
#include "kernel/cpu/insn.h"
#include "kernel/lib/string.h"
#include "kernel/time.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "pks/policy/fault.h"
#include "pks/policy/marks.h"
#include "pks/rights.h"
#include "tests/harness/probe.h"

bool prot_page_get(struct prot_page *p, u32 key)
{
	p->page = page_alloc(0);
	if (!EXPECT(p->page))
		return false;
	p->va = page_address(p->page);
	memset((void *)p->va, 0, PAGE_SIZE);
	if (EXPECT_EQ(devmap_protect(p->page, 1, key), 0))
		return true;
	page_free(p->page, 0);
	return false;
}

void prot_page_put(struct prot_page *p)
{
	if (page_marks(p->page))
		ktest_error("a page was left marked %lu times", page_marks(p->page));
	while (page_marks(p->page))
		kunmap(p->page);
	devmap_unprotect(p->page, 1);
	page_free(p->page, 0);
}

bool prot_pair_get(struct prot_page *a, struct prot_page *b, u32 key)
{
	if (!prot_page_get(a, key))
		return false;
	if (prot_page_get(b, key))
		return true;
	prot_page_put(a);
	return false;
}

void prot_pair_put(struct prot_page *a, struct prot_page *b)
{
	prot_page_put(b);
	prot_page_put(a);
}

bool marked_page(struct prot_page *p, u32 key)
{
	if (!prot_page_get(p, key))
		return false;
	kmap(p->page);
	return true;
}

void marked_page_put(struct prot_page *p)
{
	kunmap(p->page);
	prot_page_put(p);
}

u64 prot_page_peek(const struct prot_page *p)
{
	struct pks_token token = pks_grant(p->page->pkey, PKS_READ);
	u64 value = *p->va;

	pks_revoke(token);
	return value;
}

void prot_page_poke(const struct prot_page *p, u64 value)
{
	struct pks_token token = pks_grant(p->page->pkey, PKS_WRITE);

	*p->va = value;
	pks_revoke(token);
}

enum pks_scope policy_scope = PKS_SCOPE_CONTEXT;

/* Does not count as a check: a test that only sets its policy has checked nothing. */
static void set(struct pks_policy policy)
{
	if (pks_policy_set(policy))
		ktest_error("the policy %u, %u, %u is unknown", policy.mode, policy.gate,
			    policy.scope);
}

void policy_set(enum pks_mode mode, enum pks_gate gate)
{
	set((struct pks_policy){ mode, gate, policy_scope });
}

void policy_mode_set(enum pks_mode mode)
{
	struct pks_policy policy = pks_policy_get();

	policy.mode = mode;
	set(policy);
}

void policy_gate_set(enum pks_gate gate)
{
	struct pks_policy policy = pks_policy_get();

	policy.gate = gate;
	set(policy);
}

void policy_scope_set(enum pks_scope scope)
{
	struct pks_policy policy = pks_policy_get();

	policy.scope = scope;
	set(policy);
}

__attribute__((noinline)) struct fault policy_read(volatile void *p)
{
	u64 value;

	return touch_read(p, &value);
}

__attribute__((noinline)) struct fault policy_write(volatile void *p)
{
	return touch_write(p, 1);
}

bool expect_rights(const char *file, int line, u32 want)
{
	u32 reg = pkrs_register(), mirror = rights_mirror(); /* the register first */

	ktest_checked();
	if (reg != want || mirror != want)
		ktest_fail(file, line, "expected rights %08x, IA32_PKRS is %08x and cpu->pkrs %08x",
			   want, reg, mirror);
	return reg == want && mirror == want;
}

bool expect_denied(const char *file, int line, volatile u64 *va)
{
	u64 value;

	return expect_page_fault(file, line, probe_read(va, &value), PF_P | PF_PK, (u64)va,
				 "this context has no rights to the key (AD = 1)");
}

bool expect_accessible(const char *file, int line, volatile u64 *va)
{
	u64 value;

	return expect_no_fault(file, line, probe_read(va, &value),
			       "the key is open to this context");
}

struct touch {
	volatile u64 *va;
	struct fault fault;
};

static void touch(void *arg)
{
	struct touch *t = arg;

	t->fault = policy_read(t->va);
}

bool expect_policy(const char *file, int line, volatile u64 *va, bool open)
{
	struct touch t = { .va = va };

	run_in(IN_EXCEPTION, touch, &t);
	if (open)
		return expect_no_fault(file, line, t.fault, "the page is open to a pardon");
	return expect_page_fault(file, line, t.fault, PF_P | PF_PK, (u64)va,
				 "the page is not open to a pardon");
}

void spin_ns(u64 ns)
{
	u64 end = now_ns() + ns;

	while (now_ns() < end)
		cpu_relax();
}

bool breakpoints_allowed(void)
{
	if (options.avoid & AVOID_BREAKPOINTS)
		ktest_skip("this machine hangs at instruction breakpoints (avoid=breakpoints)");
	else if (options.trace)
		ktest_skip("with trace=on the handler of a breakpoint runs the code under test");
	else
		return true;
	return false;
}

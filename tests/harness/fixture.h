/* SPDX-License-Identifier: MIT */
/* What tests of the kernel's rights share: a protected page, checks of rights, rights by value. */
#ifndef KEYWARD_TESTS_HARNESS_FIXTURE_H
#define KEYWARD_TESTS_HARNESS_FIXTURE_H

#include "kernel/lib/options.h"
#include "mm/page.h"
#include "pks/pkrs.h"
#include "tests/harness/contexts.h"
#include "tests/harness/expect.h"

/* A key that no page carries: to hold rights which no access depends on. */
#define KEY_A 9
#define KEY_B 10
#define KEY_C 11

/* The initial rights and this key besides. */
#define WITH_KEY(key) (PKRS_INIT & ~(3u << (2 * (key))))

/* One page of protected device memory, seen through the direct map. */
struct prot_page {
	struct page *page;
	volatile u64 *va;
};

/* Makes one, full of zeroes; false: the test has failed. Its key must have an owner. */
bool prot_page_get(struct prot_page *p, u32 key);

/* Gives it back. A mark of kmap() that is left is the test's error, and is dropped. */
void prot_page_put(struct prot_page *p);

/* Two of the same key. */
bool prot_pair_get(struct prot_page *a, struct prot_page *b, u32 key);
void prot_pair_put(struct prot_page *a, struct prot_page *b);

/* One with a mark by kmap(), and both given back. */
bool marked_page(struct prot_page *p, u32 key);
void marked_page_put(struct prot_page *p);

/* Its first word, whatever the caller's rights. Any context. */
u64 prot_page_peek(const struct prot_page *p);
void prot_page_poke(const struct prot_page *p, u64 value);

/*
 * The mode and gate that a test wants, and the scope `policy_scope`, which is CONTEXT but while a
 * test runs others again under another one; the harness puts back what was. Thread context.
 */
extern enum pks_scope policy_scope;
void policy_set(enum pks_mode mode, enum pks_gate gate);

/* Change one word of the policy in force; the harness puts back what was. Thread context. */
void policy_mode_set(enum pks_mode mode);
void policy_gate_set(enum pks_gate gate);
void policy_scope_set(enum pks_scope scope);

/* Accesses that the fault policy decides, from one call site each. Any context. */
struct fault policy_read(volatile void *p);
struct fault policy_write(volatile void *p);

/* The running context's rights, as the kernel believes them to be. */
static inline u32 rights_mirror(void)
{
#if CONFIG_PKS
	return pkrs_read();
#else
	return PKRS_INIT;
#endif
}

static inline void rights_set(u32 pkrs)
{
#if CONFIG_PKS
	pkrs_update(~0u, pkrs);
#else
	(void)pkrs;
#endif
}

static inline void regs_set_pkrs(struct regs *regs, u32 pkrs)
{
	regs_pkrs_set(regs, pkrs);
}

/* Both the register and its mirror. */
#define EXPECT_RIGHTS(want) expect_rights(__FILE__, __LINE__, (want))
bool expect_rights(const char *file, int line, u32 want);

/* What the processor says to the running context, without the policy. */
#define EXPECT_DENIED(p)     expect_denied(__FILE__, __LINE__, (p)->va)
#define EXPECT_ACCESSIBLE(p) expect_accessible(__FILE__, __LINE__, (p)->va)
bool expect_denied(const char *file, int line, volatile u64 *va);
bool expect_accessible(const char *file, int line, volatile u64 *va);

/* What the policy says to a context that has just begun: refused, or pardoned. Not in NMIs. */
#define EXPECT_CLOSED(p) expect_policy(__FILE__, __LINE__, (p)->va, false)
#define EXPECT_OPEN(p)   expect_policy(__FILE__, __LINE__, (p)->va, true)
bool expect_policy(const char *file, int line, volatile u64 *va, bool open);

/* Passes time without giving up the processor. */
void spin_ns(u64 ns);

#endif
